/** `kubernetes.CreatePVC` and `DeletePVC`: upstream's driver does them itself, without a pod. */
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { PersistentVolumeClaim } from '../../../../src/clients/kubernetes/model.ts';
import { HttpError } from '../../../../src/clients/http.ts';
import { isJsonObject, type JsonValue } from '../../../../src/core/base/json.ts';
import { TaskError } from './errors.ts';
import type { Step, StepOutcome } from './executor.ts';

const CREATE = 'argostub/createpvc';
const DELETE = 'argostub/deletepvc';

export function isVolumeTask(step: Step): boolean {
  return step.container.image === CREATE || step.container.image === DELETE;
}

export async function runVolumeTask(
  step: Step,
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  if (step.container.image === DELETE) {
    const name = text(step.input.parameters.get('pvc_name'));
    try {
      await api.delete(`${claims}/${encodeURIComponent(name)}`, signal);
    } catch (error) {
      // Gone already, e.g. deleted by an attempt whose answer was lost.
      if (!(error instanceof HttpError && error.reason === 'notFound')) throw error;
    }
    return { kind: 'succeeded', parameters: new Map(), artifacts: new Map() };
  }
  const claim = claimOf(step);
  const name = claim.metadata?.name ?? '';
  try {
    await api.create(claims, claim, signal);
  } catch (error) {
    // The attempt before may have made it without living to hear so; its name says that it is this task's.
    if (!(
      error instanceof HttpError &&
      error.reason === 'conflict' &&
      name.startsWith(step.taskId.slice(0, 8))
    ))
      throw error;
  }
  return { kind: 'succeeded', parameters: new Map([['name', name]]), artifacts: new Map() };
}

function claimOf(step: Step): PersistentVolumeClaim {
  const input = (name: string): JsonValue | undefined => step.input.parameters.get(name);
  const given = text(input('pvc_name'));
  const suffix = text(input('pvc_name_suffix'));
  if ((given === '') === (suffix === ''))
    throw new TaskError('input', 'It needs either pvc_name or pvc_name_suffix, and not both.');
  const modes = input('access_modes');
  const annotations = input('annotations');
  const source = input('data_source');
  const storageClass = text(input('storage_class_name'));
  const volume = text(input('volume_name'));
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: given === '' ? `${step.taskId.slice(0, 8)}${suffix}` : given,
      ...(isJsonObject(annotations)
        ? {
            annotations: Object.fromEntries(
              Object.entries(annotations).map(([key, one]) => [key, text(one)]),
            ),
          }
        : {}),
      labels: { 'pipeline/runid': step.runId },
    },
    spec: {
      accessModes: Array.isArray(modes) ? modes.map(text) : ['ReadWriteOnce'],
      resources: { requests: { storage: text(input('size')) || '5Gi' } },
      ...(input('default_storage_class') === true || storageClass === ''
        ? {}
        : { storageClassName: storageClass }),
      ...(volume === '' ? {} : { volumeName: volume }),
      ...(isJsonObject(source)
        ? {
            dataSource: {
              kind: text(source['kind']),
              name: text(source['name']),
              ...(source['apiGroup'] === undefined ? {} : { apiGroup: text(source['apiGroup']) }),
            },
          }
        : {}),
    },
  };
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? ''
      : JSON.stringify(value);
}
