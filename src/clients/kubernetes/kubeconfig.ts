/** Kubeconfig files as kubectl merges them: of a name twice, the first counts. */
import { existsSync } from 'node:fs';
import { asError, SlipwayError } from '../../core/base/errors.ts';
import { KubernetesApi } from './api.ts';
import { KubeConfig } from './clientNode.ts';

export interface KubeconfigContext {
  readonly name: string;
  readonly cluster: string;
  /** Of the API server, when the context's cluster is in the files. */
  readonly server: string | undefined;
  readonly namespace: string | undefined;
  readonly isCurrent: boolean;
}

/** All files as one. Throws `kubeconfigUnreadable`, naming the file, when one is no kubeconfig. */
export function loadKubeconfig(paths: readonly string[]): KubeConfig {
  const merged = new KubeConfig();
  merged.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: '' });
  for (const path of paths.filter((one) => existsSync(one))) {
    const one = new KubeConfig();
    try {
      one.loadFromFile(path);
    } catch (error) {
      throw new SlipwayError(
        'kubeconfigUnreadable',
        `${path} can't be read as a kubeconfig: ${asError(error).message.split('\n')[0] ?? ''}`,
        { cause: error, action: 'Correct the file' },
      );
    }
    merged.loadFromOptions({
      clusters: firstOfName([...merged.clusters, ...one.clusters]),
      users: firstOfName([...merged.users, ...one.users]),
      contexts: firstOfName([...merged.contexts, ...one.contexts]),
      // A file need not have one, whatever the type says.
      currentContext: [merged.currentContext, one.currentContext].find(Boolean) ?? '',
    });
  }
  return merged;
}

export function contextsOf(config: KubeConfig): readonly KubeconfigContext[] {
  return config.contexts.map(({ name, cluster, namespace }) => ({
    name,
    cluster,
    server: config.clusters.find((one) => one.name === cluster)?.server,
    namespace,
    isCurrent: name === config.currentContext,
  }));
}

/** Of one context. Throws `noContext` when no file has it. */
export function apiOfContext(paths: readonly string[], context: string): KubernetesApi {
  const config = loadKubeconfig(paths);
  if (!config.contexts.some(({ name }) => name === context))
    throw new SlipwayError('noContext', `There is no context "${context}" in ${paths.join(', ')}.`, {
      action: 'Choose another environment',
    });
  config.setCurrentContext(context);
  return new KubernetesApi(config, `The cluster of ${context}`);
}

function firstOfName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const item of items) if (!byName.has(item.name)) byName.set(item.name, item);
  return [...byName.values()];
}
