/** The services beside the control plane, as components. */
import type { Component } from '../supervisor/component.ts';
import { connections } from './connections.ts';
import { feastServer } from './feast.ts';
import { mlflow } from './mlflow.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import { objectStore } from './s3.ts';
import { seed } from './seed.ts';

export const serviceComponents: readonly Component[] = [
  postgres,
  redis,
  objectStore,
  mlflow,
  feastServer,
  connections,
  seed,
];
