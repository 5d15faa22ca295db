/** Tokens of service accounts for pods: bound to the pod, made anew before they expire. */
import { z } from 'zod';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';

export interface TokenRequestSpec {
  readonly audience: string | undefined;
  readonly expirationSeconds: number;
}

const tokenRequest = z.object({
  status: z.object({ token: z.string(), expirationTimestamp: z.iso.datetime({ offset: true }) }),
});

interface Known {
  readonly token: string;
  readonly refreshAt: number;
}

/** As the kubelet: at 80 % of its life, or after a day. */
const REFRESH_AT = 0.8;
const LONGEST_MS = 24 * 3600_000;

export class TokenSource {
  readonly #api: KubernetesApi;
  readonly #known = new Map<string, Known>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  /** The token of this pod for this audience; the one from before while it is fresh. */
  async token(pod: Pod, spec: TokenRequestSpec, signal: AbortSignal): Promise<string> {
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
    const key = JSON.stringify([uid, spec]);
    const known = this.#known.get(key);
    if (known !== undefined && Date.now() < known.refreshAt) return known.token;
    const account = pod.spec?.serviceAccountName ?? 'default';
    const answer = await this.#api.create<unknown>(
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          ...(spec.audience === undefined ? {} : { audiences: [spec.audience] }),
          expirationSeconds: spec.expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      },
      signal,
    );
    const { token, expirationTimestamp } = tokenRequest.parse(answer).status;
    const life = Date.parse(expirationTimestamp) - Date.now();
    this.#known.set(key, { token, refreshAt: Date.now() + Math.min(life * REFRESH_AT, LONGEST_MS) });
    return token;
  }

  /** When the first token of this pod has to be made anew, in ms since the epoch. */
  nextRefresh(uid: string): number | undefined {
    const times = [...this.#known]
      .filter(([key]) => key.startsWith(`["${uid}"`))
      .map(([, { refreshAt }]) => refreshAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  forget(uid: string): void {
    for (const key of this.#known.keys()) if (key.startsWith(`["${uid}"`)) this.#known.delete(key);
  }
}
