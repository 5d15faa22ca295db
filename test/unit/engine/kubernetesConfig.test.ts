/** Against the pods that upstream's driver makes of the same configurations (its k8s_test.go). */
import { describe, expect, it } from 'vitest';
import { applyKubernetes, bindInputs } from '../../../dev-cluster/embedded/kfp/engine/kubernetesConfig.ts';
import type { Scope } from '../../../dev-cluster/embedded/kfp/engine/resolve.ts';
import type { Pod } from '../../../src/clients/kubernetes/model.ts';
import type { JsonObject, JsonValue } from '../../../src/core/base/json.ts';

const constant = (value: JsonValue): JsonObject => ({ runtimeValue: { constant: value } });

const scope: Scope = {
  inputs: {
    parameters: new Map([['pool', { value: 'gpu', type: 'COMPONENT_INPUT' as const }]]),
    artifacts: new Map(),
  },
  ended: (key) =>
    key === 'createpvc'
      ? {
          name: key,
          iteration: null,
          isLoop: false,
          state: 'SUCCEEDED',
          error: null,
          outputs: {
            parameters: new Map([['name', { value: 'claim-7', type: 'OUTPUT' as const }]]),
            artifacts: new Map(),
          },
        }
      : undefined,
};

function applied(config: JsonObject): Pod {
  const pod: Pod = {
    metadata: { name: 'step', labels: { own: 'kept' } },
    spec: { containers: [{ name: 'main', env: [{ name: 'OWN', value: '1' }] }] },
  };
  applyKubernetes(pod, bindInputs(config, scope));
  return pod;
}

const specOf = (config: JsonObject) => applied(config).spec;
const containerOf = (config: JsonObject) => specOf(config)?.containers[0];

describe('a step’s Kubernetes configuration', () => {
  it('leaves the pod alone when it is empty', () => {
    expect(applied({})).toEqual({
      metadata: { name: 'step', labels: { own: 'kept' } },
      spec: { containers: [{ name: 'main', env: [{ name: 'OWN', value: '1' }] }] },
    });
  });

  it.each<[string, JsonObject]>([
    ['by constant', { pvcNameParameter: constant('claim-7') }],
    [
      'by another task’s output',
      {
        pvcNameParameter: { taskOutputParameter: { producerTask: 'createpvc', outputParameterKey: 'name' } },
      },
    ],
    [
      'by another task’s output, the deprecated way',
      { taskOutputParameter: { producerTask: 'createpvc', outputParameterKey: 'name' } },
    ],
    ['by constant, the deprecated way', { constant: 'claim-7' }],
  ])('mounts a claim named %s', (_how, name) => {
    const spec = specOf({ pvcMount: [{ mountPath: '/data', ...name }] });
    expect(spec?.volumes).toEqual([{ name: 'claim-0', persistentVolumeClaim: { claimName: 'claim-7' } }]);
    expect(spec?.containers[0]?.volumeMounts).toEqual([{ name: 'claim-0', mountPath: '/data' }]);
  });

  it('gives secrets and config maps as files and variables', () => {
    const config = {
      secretAsVolume: [
        { secretNameParameter: constant('s'), secretName: 's', mountPath: '/mnt/s', optional: true },
      ],
      configMapAsVolume: [{ configMapNameParameter: constant('c'), mountPath: '/mnt/c' }],
      secretAsEnv: [
        { secretNameParameter: constant('s'), keyToEnv: [{ secretKey: 'password', envVar: 'PASSWORD' }] },
      ],
      configMapAsEnv: [{ configMapName: 'c', keyToEnv: [{ configMapKey: 'k', envVar: 'K' }] }],
      fieldPathAsEnv: [{ name: 'NODE', fieldPath: 'spec.nodeName' }],
    };
    expect(specOf(config)?.volumes).toEqual([
      { name: 'secret-0', secret: { secretName: 's', optional: true } },
      { name: 'config-0', configMap: { name: 'c' } },
    ]);
    expect(containerOf(config)?.env).toEqual([
      { name: 'OWN', value: '1' },
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 's', key: 'password' } } },
      { name: 'K', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } },
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    ]);
  });

  it('places the pod: selector, tolerations, affinity, also as JSON from an input', () => {
    expect(
      specOf({
        nodeSelector: { labels: { 'cloud.google.com/gke-spot': 'true' } },
        tolerations: [
          { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: '30' },
          { tolerationJson: constant({ key: 'spot', operator: 'Equal', value: 'true' }) },
          { tolerationJson: constant([{ key: 'a' }, { key: 'b' }]) },
        ],
      }),
    ).toMatchObject({
      nodeSelector: { 'cloud.google.com/gke-spot': 'true' },
      tolerations: [
        { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 30 },
        { key: 'spot', operator: 'Equal', value: 'true' },
        { key: 'a' },
        { key: 'b' },
      ],
    });
    expect(specOf({ nodeSelector: { nodeSelectorJson: constant('{"pool":"gpu"}') } })?.nodeSelector).toEqual({
      pool: 'gpu',
    });
    expect(
      specOf({
        nodeAffinity: [
          { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
          { matchExpressions: [{ key: 'spot', operator: 'Exists' }], weight: 100 },
        ],
        podAffinity: [{ topologyKey: 'zone', matchPodLabels: { app: 'x' }, anti: true }],
      })?.affinity,
    ).toMatchObject({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, preference: { matchExpressions: [{ key: 'spot', operator: 'Exists' }] } },
        ],
      },
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'x' } } },
        ],
      },
    });
  });

  it('takes a name from the pipeline’s own input', () => {
    expect(
      specOf({ pvcMount: [{ mountPath: '/d', pvcNameParameter: { componentInputParameter: 'pool' } }] })
        ?.volumes,
    ).toEqual([{ name: 'claim-0', persistentVolumeClaim: { claimName: 'gpu' } }]);
  });

  it('refuses a volume whose name never came', () => {
    const source = { taskOutputParameter: { producerTask: 'none', outputParameterKey: 'name' } };
    expect(() => applied({ pvcMount: [{ mountPath: '/d', pvcNameParameter: source }] })).toThrow(
      /no value for pvcNameParameter/,
    );
  });

  it('sets metadata without losing what the pod is found by, deadline, shared memory and scratch volumes', () => {
    const pod = applied({
      podMetadata: { labels: { own: 'lost', team: 'ml' }, annotations: { note: 'x' } },
      activeDeadlineSeconds: '60',
      imagePullPolicy: 'Always',
      imagePullSecret: [{ secretNameParameter: constant('registry') }],
      enabledSharedMemory: { volumeName: 'shm', size: '1Gi' },
      emptyDirMounts: [{ volumeName: 'scratch', mountPath: '/s', sizeLimit: '1Gi', medium: 'Memory' }],
      genericEphemeralVolume: [
        {
          volumeName: 'e',
          mountPath: '/e',
          size: '5Gi',
          accessModes: ['ReadWriteOnce'],
          defaultStorageClass: true,
        },
      ],
    });
    expect(pod).toMatchObject({
      metadata: { labels: { own: 'kept', team: 'ml' }, annotations: { note: 'x' } },
      spec: {
        activeDeadlineSeconds: 60,
        imagePullSecrets: [{ name: 'registry' }],
        containers: [{ imagePullPolicy: 'Always' }],
        volumes: [
          { name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
          {
            name: 'e',
            ephemeral: {
              volumeClaimTemplate: {
                spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } },
              },
            },
          },
          { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
        ],
      },
    });
  });
});
