/** Choosing environments: kubeconfig files, production, commands to copy, variables for tools. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contextsOf, loadKubeconfig } from '../../../src/clients/kubernetes/kubeconfig.ts';
import { EnvironmentCatalog } from '../../../src/environment/catalog.ts';
import { kubectlCommand } from '../../../src/environment/kubectl.ts';
import { kubeconfigPaths } from '../../../src/environment/kubeconfigPaths.ts';
import { isProduction } from '../../../src/environment/production.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway kübe '));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(
  name: string,
  contexts: readonly string[],
  server: string,
  current?: string,
): Promise<string> {
  const path = join(folder, name);
  const lines = [
    'apiVersion: v1',
    'kind: Config',
    `clusters: [{name: c, cluster: {server: "${server}"}}]`,
    'users: [{name: u, user: {token: t}}]',
    `contexts: [${contexts.map((one) => `{name: "${one}", context: {cluster: c, user: u}}`).join(', ')}]`,
    ...(current === undefined ? [] : [`current-context: ${current}`]),
  ];
  await writeFile(path, lines.join('\n'));
  return path;
}

test('files are found as kubectl finds them; the setting wins', () => {
  expect(kubeconfigPaths({})).toEqual([join(homedir(), '.kube', 'config')]);
  expect(kubeconfigPaths({ KUBECONFIG: ['/a', '', '/b', '/a'].join(delimiter) })).toEqual(['/a', '/b']);
  expect(kubeconfigPaths({ KUBECONFIG: '/a' }, '~/c')).toEqual([join(homedir(), 'c')]);
});

test('of a name that is in two files the first counts; a missing file is none', async () => {
  const first = await file('first', ['dev'], 'https://one');
  const second = await file('second', ['dev', 'kind-a'], 'https://two', 'kind-a');
  const contexts = contextsOf(loadKubeconfig([join(folder, 'missing'), first, second]));
  expect(contexts).toMatchObject([
    { name: 'dev', server: 'https://one', isCurrent: false },
    { name: 'kind-a', server: 'https://one', isCurrent: true },
  ]);
});

test('the catalog lists them, tells when a file is written, and names one that is broken', async () => {
  const path = await file('config', ['kind-a', 'prod'], 'https://one', 'prod');
  const catalog = new EnvironmentCatalog({
    embedded: () => {
      throw new Error('not asked');
    },
    paths: () => [path],
    connect: () => Promise.reject(new Error('not in this test')),
    tools: () => Promise.resolve({}),
    connectsAtOnce: false,
  });
  try {
    expect(await catalog.contexts()).toMatchObject([
      { id: 'context:kind-a', kind: 'kind', isKubectlCurrent: false },
      { id: 'context:prod', kind: 'context', isKubectlCurrent: true },
    ]);
    const environment = catalog.open('context:prod');
    // Nobody connects before the person asks, where the folder is not trusted.
    expect(environment).toMatchObject({ label: 'prod', isManaged: false, state: { kind: 'stopped' } });
    environment.dispose();
    let changes = 0;
    catalog.onDidChange(() => changes++);
    await writeFile(path, '}{');
    await expect.poll(() => changes).toBeGreaterThan(0);
    await expect(catalog.contexts()).rejects.toMatchObject({ reason: 'kubeconfigUnreadable' });
  } finally {
    catalog.dispose();
  }
});

test('production by regular expression, or by text that is none', () => {
  const marked = (label: string, patterns: readonly string[]): boolean =>
    isProduction({ label, isManaged: false }, patterns);
  expect(marked('prod-eu', ['^prod'])).toBe(true);
  expect(marked('nonprod', ['^prod'])).toBe(false);
  expect(marked('team(1', ['team('])).toBe(true);
  expect(marked('prod', [])).toBe(false);
  expect(isProduction({ label: 'Embedded cluster', isManaged: true }, ['.*'])).toBe(false);
});

test('a copied kubectl command says everything', () => {
  const access = { paths: ['/home/me/.kube/config'], context: 'team a' };
  expect(kubectlCommand(access, { kind: 'node', namespace: undefined, name: 'laptop' })).toBe(
    "kubectl --kubeconfig /home/me/.kube/config --context 'team a' describe node/laptop",
  );
  expect(kubectlCommand(access, { kind: 'pod', namespace: 'ns', name: 'p', container: 'main' })).toBe(
    "kubectl --kubeconfig /home/me/.kube/config --context 'team a' --namespace ns logs pod/p --container main",
  );
});

test('any path and context survive a real shell', () => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter((one) => !one.includes('\0'));
  fc.assert(
    fc.property(text, text, (path, context) => {
      const command = kubectlCommand(
        { paths: [path], context },
        { kind: 'node', namespace: undefined, name: 'n' },
      );
      const script = `kubectl() { printf '%s\\0' "$@"; }; ${command}`;
      const words = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
      expect(words).toEqual(['--kubeconfig', path, '--context', context, 'describe', 'node/n']);
    }),
    { numRuns: 40 },
  );
});
