import type { KubernetesApi } from '../clients/kubernetes/api.ts';
import type { KubernetesAccess } from './environment.ts';

/** A client for the access. Loads client-node (100 ms) at the first call, never before. */
export async function connectKubernetes(access: KubernetesAccess): Promise<KubernetesApi> {
  const { apiOfContext, loadKubeconfig } = await import('../clients/kubernetes/kubeconfig.ts');
  const context = access.context ?? loadKubeconfig(access.paths).currentContext;
  return apiOfContext(access.paths, context);
}
