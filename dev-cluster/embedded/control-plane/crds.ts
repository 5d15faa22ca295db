/** Tasks that put our manifests into the API server. */
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import { programNamed } from '../binaries/programs.ts';
import type { Component } from '../supervisor/component.ts';
import { KUBE_APISERVER } from './apiServer.ts';
import { adminKubeconfig } from './kubeconfig.ts';
import { applyDefinitions, applyManifests, readManifests } from './manifests.ts';

export const CRDS = 'crds';

/** What must be there before any controller starts: definitions, namespaces, roles, settings. */
export const crds: Component = {
  name: CRDS,
  version: programNamed('kube-apiserver').version,
  dependsOn: [KUBE_APISERVER],
  isNeeded: false,
  start: {
    kind: 'task',
    run: async (report, signal) => {
      report('Applying custom resource definitions');
      const api = KubernetesApi.fromFile(await adminKubeconfig(signal));
      await applyDefinitions(api, signal);
      report('Applying roles and settings');
      const files = ['cluster.yaml', 'kserve.yaml', 'trainer.yaml', 'jobset.yaml'];
      const manifests = await Promise.all(files.map(readManifests));
      await applyManifests(api, manifests.flat(), signal);
    },
  },
};

/** Apart, because KServe's own webhook must see them. */
export const servingRuntimes = runtimes('serving-runtimes', 'kserve', programNamed('kserve-manager').version);
export const trainingRuntimes = runtimes('training-runtimes', 'trainer', programNamed('trainer').version);

function runtimes(name: string, controller: string, version: string): Component {
  return {
    name,
    version,
    dependsOn: [controller],
    isNeeded: false,
    start: {
      kind: 'task',
      run: async (report, signal) => {
        report('Applying');
        const api = KubernetesApi.fromFile(await adminKubeconfig(signal));
        await applyManifests(api, await readManifests(`${name}.yaml`), signal);
      },
    },
  };
}
