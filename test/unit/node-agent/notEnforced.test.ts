import { expect, it } from 'vitest';
import type { Pod } from '../../../src/clients/kubernetes/model.ts';
import { notEnforced } from '../../../dev-cluster/embedded/node-agent/pods/notEnforced.ts';

const pod = (spec: Partial<NonNullable<Pod['spec']>>): Pod => ({ spec: { containers: [], ...spec } });
const mounts = (readOnly: boolean): NonNullable<Pod['spec']>['containers'] => [
  { name: 'c', volumeMounts: [{ name: 'data', mountPath: '/data', readOnly }] },
];

it('says nothing of what is as the pod asks', () => {
  expect(notEnforced(pod({}))).toBeUndefined();
  expect(notEnforced(pod({ containers: mounts(false), volumes: [{ name: 'data', emptyDir: {} }] }))).toBeUndefined(); // prettier-ignore
  // Every pod has a token, mounted so.
  const token = { name: 'data', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } };
  expect(notEnforced(pod({ containers: mounts(true), volumes: [token] }))).toBeUndefined();
  expect(notEnforced(pod({ securityContext: { runAsNonRoot: true } }))).toBeUndefined();
});

it('names what is not', () => {
  const data = { name: 'data', persistentVolumeClaim: { claimName: 'x' } };
  expect(notEnforced(pod({ containers: mounts(true), volumes: [data] }))).toBe(
    'Not enforced here, where containers are processes of your user: read-only mounts (data).',
  );
  const spec = {
    securityContext: { fsGroup: 1000 },
    initContainers: [{ name: 'i', securityContext: { runAsUser: 0 } }],
    containers: [{ name: 'c', securityContext: { readOnlyRootFilesystem: true } }],
  };
  expect(notEnforced(pod(spec))).toContain(': fsGroup, runAsUser, readOnlyRootFilesystem.');
});
