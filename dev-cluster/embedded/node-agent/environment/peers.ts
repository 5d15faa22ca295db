/** Pods that are called by their own names over plain TCP: torchrun's and JAX's coordinator, XGBoost's tracker. */
import type { FoundName, NameFinder } from './nameRewriting.ts';

export interface PeerContext {
  readonly namespace: string;
  /** Names of headless Services of the namespace, the pod's own subdomain among them. */
  readonly subdomains: readonly string[];
}

/** Finds `hostname.subdomain`, in all its lengths. */
export function peerFinder({ namespace, subdomains }: PeerContext): NameFinder {
  if (subdomains.length === 0) return () => [];
  const names = subdomains.map((name) => name.replaceAll(/[^a-z0-9-]/g, '')).join('|');
  const pattern = new RegExp(
    `(?<![\\w.-])([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\\.(${names})(?:\\.${namespace}(?:\\.svc(?:\\.cluster\\.local)?)?)?(?::(\\d+))?(?![\\w.-])`,
    'g',
  );
  return (text) =>
    [...text.matchAll(pattern)].map(
      ({ 0: whole, 1: host = '', 2: subdomain = '', 3: port, index }): FoundName => ({
        start: index,
        whole,
        name: `${host}.${subdomain}`,
        port: port === undefined ? undefined : Number(port),
        separator: ':',
        isBare: false,
      }),
    );
}
