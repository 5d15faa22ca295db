/** Who may use a node's API: the API server by its certificate, others as the cluster's rules say. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';

/** Common name of the certificate that the API server shows to kubelets. */
const KUBELET_CLIENT = 'kube-apiserver-kubelet-client';

interface User {
  readonly username: string;
  readonly groups: readonly string[];
}

interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: { readonly username?: string; readonly groups?: readonly string[] };
  };
}

interface SubjectAccessReview {
  readonly status?: { readonly allowed?: boolean; readonly reason?: string };
}

/** `undefined`: go on. Otherwise the HTTP status to answer with. */
export async function refusal(
  request: IncomingMessage,
  path: string,
  nodeName: string,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<401 | 403 | undefined> {
  const user = certificateUser(request) ?? (await tokenUser(request, api, signal));
  if (user === undefined) return 401;
  if (user.username === KUBELET_CLIENT) return undefined;
  const review = await api.create<SubjectAccessReview>(
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: user.username,
        groups: user.groups,
        resourceAttributes: {
          version: 'v1',
          resource: 'nodes',
          subresource: subresource(path),
          name: nodeName,
          verb: request.method === 'POST' ? 'create' : 'get',
        },
      },
    },
    signal,
  );
  return review.status?.allowed === true ? undefined : 403;
}

/** Only a certificate of the cluster's own authority counts. */
function certificateUser({ socket }: IncomingMessage): User | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as { CN?: string | string[]; O?: string | string[] };
  const [username] = [subject.CN ?? []].flat();
  return username === undefined ? undefined : { username, groups: [subject.O ?? []].flat() };
}

async function tokenUser(
  request: IncomingMessage,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<User | undefined> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  const review = await api.create<TokenReview>(
    '/apis/authentication.k8s.io/v1/tokenreviews',
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    signal,
  );
  const { authenticated, user } = review.status ?? {};
  if (authenticated !== true || user?.username === undefined) return undefined;
  return { username: user.username, groups: user.groups ?? [] };
}

/** What the kubelet's paths are to RBAC, e.g. `nodes/stats`. */
function subresource(path: string): string {
  if (path === '/stats' || path.startsWith('/stats/')) return 'stats';
  if (path === '/metrics' || path.startsWith('/metrics/')) return 'metrics';
  return 'proxy';
}
