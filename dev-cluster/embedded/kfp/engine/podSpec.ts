/** The pod of a step: labels and annotations as upstream's, so that its tools find it. */
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import { applyKubernetes } from './kubernetesConfig.ts';
import type { Step } from './executor.ts';
import { resolveText } from './placeholders.ts';

/** Every pod of a step has it. */
export const STEP_SELECTOR = 'pipelines.kubeflow.org/v2_component=true';
/** The step's container, as upstream calls it. */
export const STEP_CONTAINER = 'main';

/** The Secret with what Step.credentials holds. */
export const CREDENTIALS = 'pipeline-step-credentials';

export interface PodCommand {
  readonly image: string;
  /** Without it the image's own entry point. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folders of this machine that the command names: they keep their paths inside. */
  readonly hostFolders: readonly string[];
}

/** DNS label of at most 63 characters; attempts differ in their last ones. */
export function podName(attempt: string): string {
  const name = attempt.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return name.slice(-63).replaceAll(/^-+|-+$/g, '');
}

/** Throws TaskError for a Kubernetes configuration that can't be applied. */
export function stepPod(step: Step, command: PodCommand, namespace: string): Pod {
  const { names } = step;
  const { cpuLimit, cpuRequest, memoryLimit, memoryRequest, accelerator } = step.container.resources ?? {};
  const quantity = (text: string | undefined): string =>
    text === undefined ? '' : resolveText(text, step.input, names);
  const accelerators = accelerator && { [quantity(accelerator.type)]: quantity(accelerator.count) };
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName(step.attempt),
      namespace,
      labels: {
        'pipeline/runid': step.runId,
        'pipelines.kubeflow.org/v2_component': 'true',
        'workflows.argoproj.io/workflow': names.jobResourceName,
      },
      annotations: {
        'pipelines.kubeflow.org/runtime-role': 'executor',
        'pipelines.kubeflow.org/task_display_name': names.taskName,
        'slipway.dev/task-id': step.taskId,
        'kubectl.kubernetes.io/default-container': STEP_CONTAINER,
      },
    },
    spec: {
      restartPolicy: 'Never',
      enableServiceLinks: false,
      containers: [
        {
          name: STEP_CONTAINER,
          image: command.image,
          ...(command.command.length === 0 ? {} : { command: [...command.command] }),
          ...(command.args.length === 0 ? {} : { args: [...command.args] }),
          env: [
            ...Object.entries(command.env).map(([name, value]) => ({
              name,
              value: value.replaceAll('$(', '$$('),
            })),
            ...Object.keys(step.credentials ?? {}).map((name) => ({
              name,
              valueFrom: { secretKeyRef: { name: CREDENTIALS, key: name } },
            })),
            { name: 'KFP_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'KFP_POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
          ],
          resources: {
            limits: quantities({ cpu: quantity(cpuLimit), memory: quantity(memoryLimit), ...accelerators }),
            requests: quantities({ cpu: quantity(cpuRequest), memory: quantity(memoryRequest) }),
          },
          volumeMounts: command.hostFolders.map((path, index) => ({
            name: `host-${index}`,
            mountPath: path,
          })),
        },
      ],
      volumes: command.hostFolders.map((path, index) => ({
        name: `host-${index}`,
        hostPath: { path, type: 'Directory' },
      })),
    },
  };
  applyKubernetes(pod, step.kubernetes);
  return pod;
}

/** Kubernetes expands `$(NAME)` in commands; a step's own text must stay as it is. */
export function literal(words: readonly string[]): string[] {
  return words.map((word) => word.replaceAll('$(', '$$('));
}

function quantities(wanted: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
}
