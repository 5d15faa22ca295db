/** The API server has moved to another port: whoever has a kubeconfig finds it there. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { kubeconfigFor, moveKubeconfigs } from '../../../dev-cluster/embedded/control-plane/kubeconfig.ts';
import { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';

const signal = AbortSignal.timeout(60_000);
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slipway größe '));
});
afterEach(() => rmSync(home, { recursive: true }));

function serveAt(port: number): void {
  mkdirSync(join(home, 'embedded'), { recursive: true });
  writeFileSync(join(home, 'embedded', 'ports.json'), JSON.stringify({ 'kube-apiserver': port }));
}

it('clients that were made before go there, with the credentials they had', async () => {
  serveAt(40_001);
  const path = await kubeconfigFor('system:node:laptop', signal, { home });
  const before = readFileSync(path, 'utf8');
  const api = KubernetesApi.fromFile(path);
  expect((await api.endpoint()).url).toBe('https://127.0.0.1:40001');
  serveAt(40_002);
  await moveKubeconfigs(signal, home);
  expect((await api.endpoint()).url).toBe('https://127.0.0.1:40002');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(before.replace('40001', '40002')));
});

it('a file that is gone or broken leaves them where they were', async () => {
  serveAt(40_001);
  const path = await kubeconfigFor('someone', signal, { home });
  const api = KubernetesApi.fromFile(path);
  writeFileSync(path, '}{');
  expect((await api.endpoint()).url).toBe('https://127.0.0.1:40001');
  rmSync(path);
  expect((await api.endpoint()).url).toBe('https://127.0.0.1:40001');
  serveAt(40_003);
  await kubeconfigFor('someone', signal, { home });
  expect((await api.endpoint()).url).toBe('https://127.0.0.1:40003');
});
