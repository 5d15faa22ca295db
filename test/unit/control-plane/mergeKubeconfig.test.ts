import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mergeKubeconfig } from '../../../dev-cluster/embedded/control-plane/mergeKubeconfig.ts';

const ours = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'slipway', cluster: { server, 'certificate-authority-data': 'QQ'.repeat(300) } }],
    users: [{ name: 'slipway-admin', user: { 'client-key-data': 'Qg==' } }],
    contexts: [{ name: 'slipway', context: { cluster: 'slipway', user: 'slipway-admin' } }],
    'current-context': 'slipway',
  });

/** As kubectl writes it, with a comment of its user and a value that is long and one that looks like a number. */
const THEIRS = `apiVersion: v1
# Do not touch: production!
clusters:
- cluster:
    certificate-authority-data: ${'QUJD'.repeat(400)}
    server: https://prod.example.org:6443
  name: prod
contexts:
- context:
    cluster: prod
    namespace: "0123"
    user: prod
  name: prod
current-context: prod
kind: Config
preferences: {}
users:
- name: prod
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - "null"
      command: aws
      env: null
`;

describe('merging into a kubeconfig', () => {
  it('only adds lines to what kubectl has written, and leaves the current context', () => {
    const merged = mergeKubeconfig(THEIRS, ours('https://127.0.0.1:1'));
    const lines = merged.split('\n');
    let at = 0;
    for (const line of THEIRS.split('\n')) {
      at = lines.indexOf(line, at);
      expect([line, at]).not.toEqual([line, -1]);
      at += 1;
    }
    const before = parse(THEIRS) as { contexts: unknown[] };
    expect(parse(merged)).toMatchObject({
      'current-context': 'prod',
      contexts: [...before.contexts, { name: 'slipway' }],
      clusters: [{ name: 'prod' }, { name: 'slipway', cluster: { server: 'https://127.0.0.1:1' } }],
    });
  });

  it('twice replaces what it added', () => {
    const once = mergeKubeconfig(THEIRS, ours('https://127.0.0.1:1'));
    expect(mergeKubeconfig(once, ours('https://127.0.0.1:1'))).toBe(once);
    const moved = mergeKubeconfig(once, ours('https://127.0.0.1:2'));
    expect(moved).toBe(once.replace('127.0.0.1:1', '127.0.0.1:2'));
  });

  it('makes a whole one of nothing, of empty lists and of an unset current context', () => {
    for (const text of [
      '',
      'clusters: []\ncontexts: null\nusers:\ncurrent-context: ""\nkind: Config\napiVersion: v1\n',
      '{"apiVersion":"v1","kind":"Config"}',
    ])
      expect(parse(mergeKubeconfig(text, ours('https://127.0.0.1:1')))).toMatchObject({
        ...(JSON.parse(ours('https://127.0.0.1:1')) as object),
      });
  });

  it('refuses what is not YAML rather than to lose it', () => {
    expect(() => mergeKubeconfig('clusters: [', ours('https://127.0.0.1:1'))).toThrow(/not valid YAML/);
    expect(() => mergeKubeconfig('just text', ours('https://127.0.0.1:1'))).toThrow(/not valid YAML/);
  });
});
