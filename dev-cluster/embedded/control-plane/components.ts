/** The control plane's components. */
import type { Component } from '../supervisor/component.ts';
import { apiServer } from './apiServer.ts';
import { controllerManager, scheduler } from './controllers.ts';
import { crds, servingRuntimes, trainingRuntimes } from './crds.ts';
import { etcd } from './etcd.ts';
import { jobset, kserve, trainer } from './kubeflowControllers.ts';

export const controlPlaneComponents: readonly Component[] = [
  etcd,
  apiServer,
  controllerManager,
  scheduler,
  crds,
  kserve,
  servingRuntimes,
  jobset,
  trainer,
  trainingRuntimes,
];
