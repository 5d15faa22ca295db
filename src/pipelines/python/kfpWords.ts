/** What names of `kfp.dsl` mean, in our words; the reference has the rest. */
export interface KfpWord {
  /** As it is called. */
  readonly signature: string;
  readonly text: string;
  /** `method`: of a task, behind a dot. */
  readonly kind: 'decorator' | 'group' | 'function' | 'type' | 'method';
}

export const kfpWords: Readonly<Record<string, KfpWord>> = {
  component: {
    kind: 'decorator',
    signature: '@dsl.component(base_image=None, packages_to_install=None, …)',
    text: 'A function that becomes a step: its source goes into the pipeline and runs in `base_image`, so imports belong inside it.',
  },
  container_component: {
    kind: 'decorator',
    signature: '@dsl.container_component',
    text: 'A step that runs a command in an image; the function returns its `dsl.ContainerSpec`.',
  },
  pipeline: {
    kind: 'decorator',
    signature: '@dsl.pipeline(name=None, description=None, pipeline_root=None, …)',
    text: 'A function that calls components. It runs once, when it is compiled: what it gets are stand-ins for values of a run.',
  },
  ParallelFor: {
    kind: 'group',
    signature: 'with dsl.ParallelFor(items, parallelism=None) as item:',
    text: 'The steps inside run once for each item, side by side; `parallelism` limits how many at a time.',
  },
  Collected: {
    kind: 'function',
    signature: 'dsl.Collected(task.output)',
    text: 'All iterations’ values of a loop as one list, for a step outside of it.',
  },
  If: {
    kind: 'group',
    signature: 'with dsl.If(condition, name=None):',
    text: 'The steps inside run only if the comparison holds when the run gets there. It compares two values.',
  },
  Elif: {
    kind: 'group',
    signature: 'with dsl.Elif(condition, name=None):',
    text: 'Runs if the conditions before it did not hold, and this one does.',
  },
  Else: {
    kind: 'group',
    signature: 'with dsl.Else(name=None):',
    text: 'Runs if no condition before it held.',
  },
  OneOf: {
    kind: 'function',
    signature: 'dsl.OneOf(task_a.output, task_b.output, …)',
    text: 'The output of whichever branch ran, as one value.',
  },
  ExitHandler: {
    kind: 'group',
    signature: 'with dsl.ExitHandler(exit_task, name=None):',
    text: 'When the steps inside have ended, however they ended, the exit task runs. It may take a `PipelineTaskFinalStatus`.',
  },
  importer: {
    kind: 'function',
    signature: 'dsl.importer(artifact_uri, artifact_class, reimport=False, metadata=None)',
    text: 'Makes an artifact of something that is stored already; nothing is copied.',
  },
  PipelineTaskFinalStatus: {
    kind: 'type',
    signature: 'status: dsl.PipelineTaskFinalStatus',
    text: 'How the steps of an exit handler ended: `state`, `error_message`, and the names of run and step.',
  },
  ContainerSpec: {
    kind: 'function',
    signature: 'dsl.ContainerSpec(image, command=None, args=None)',
    text: 'Image, command and arguments of a container component; inputs and outputs in them are filled in by the run.',
  },
  Input: {
    kind: 'type',
    signature: 'data: Input[Dataset]',
    text: 'An artifact that the step reads: its content is at `.path`, its notes are in `.metadata`.',
  },
  Output: {
    kind: 'type',
    signature: 'model: Output[Model]',
    text: 'An artifact that the step makes: write to `.path`; what you put into `.metadata` is kept with it.',
  },
  OutputPath: {
    kind: 'type',
    signature: 'result: OutputPath(str)',
    text: 'A path to write an output value to, for code that writes files.',
  },
  set_retry: {
    kind: 'method',
    signature:
      'task.set_retry(num_retries, backoff_duration="0s", backoff_factor=2.0, backoff_max_duration="3600s")',
    text: 'How often a failed step is tried again, and how long to wait before.',
  },
  set_caching_options: {
    kind: 'method',
    signature: 'task.set_caching_options(enable_caching)',
    text: 'With caching, a step that ran with the same inputs before is not run again; its outputs are reused.',
  },
  after: {
    kind: 'method',
    signature: 'task.after(*tasks)',
    text: 'Waits for another step, though it takes nothing from it.',
  },
  ignore_upstream_failure: {
    kind: 'method',
    signature: 'task.ignore_upstream_failure()',
    text: 'Runs also when a step before it failed; its inputs from there need defaults.',
  },
  set_display_name: {
    kind: 'method',
    signature: 'task.set_display_name(name)',
    text: 'What the step is called in graphs and lists.',
  },
  set_cpu_limit: {
    kind: 'method',
    signature: 'task.set_cpu_limit("2")',
    text: 'The most cores the step gets, e.g. `"500m"` for half of one.',
  },
  set_memory_limit: {
    kind: 'method',
    signature: 'task.set_memory_limit("4G")',
    text: 'The most memory the step gets; with more it is ended.',
  },
  set_accelerator_type: {
    kind: 'method',
    signature: 'task.set_accelerator_type("nvidia.com/gpu")',
    text: 'The extended resource to ask for; `set_accelerator_limit` says how many.',
  },
  set_accelerator_limit: {
    kind: 'method',
    signature: 'task.set_accelerator_limit(1)',
    text: 'How many of the resource that `set_accelerator_type` names.',
  },
  set_env_variable: {
    kind: 'method',
    signature: 'task.set_env_variable(name, value)',
    text: 'An environment variable of the step. Secrets come by `kubernetes.use_secret_as_env`.',
  },
  add_toleration: {
    kind: 'function',
    signature: 'kubernetes.add_toleration(task, key=None, operator=None, value=None, effect=None, …)',
    text: 'Lets the step run on nodes with a taint, e.g. on spot nodes.',
  },
  add_node_selector: {
    kind: 'function',
    signature: 'kubernetes.add_node_selector(task, label_key, label_value)',
    text: 'Only nodes with this label run the step.',
  },
  use_secret_as_env: {
    kind: 'function',
    signature: 'kubernetes.use_secret_as_env(task, secret_name, secret_key_to_env)',
    text: 'Values of a Kubernetes Secret as environment variables of the step.',
  },
  mount_pvc: {
    kind: 'function',
    signature: 'kubernetes.mount_pvc(task, pvc_name, mount_path)',
    text: 'A persistent volume at a path of the step.',
  },
};

const DSL = 'https://kubeflow-pipelines.readthedocs.io/en/latest/source/dsl.html';
const KUBERNETES = 'https://kfp-kubernetes.readthedocs.io/en/latest/';

/** Whether `name` means KFP's where it stands, by the text before it on its line. */
export function kfpWord(name: string, before: string): KfpWord | undefined {
  const word = Object.hasOwn(kfpWords, name) ? kfpWords[name] : undefined;
  if (word === undefined) return undefined;
  const isOfModule = /\b(?:dsl|kubernetes)\.\s*$/.test(before);
  if (word.kind === 'method') return /\.\s*$/.test(before) && !isOfModule ? word : undefined;
  // Names that start with a capital are imported by themselves as often.
  return isOfModule || (/^[A-Z]/.test(name) && !/\.\s*$/.test(before)) || /@\s*$/.test(before)
    ? word
    : undefined;
}

/** As Markdown. */
export function kfpHoverText({ signature, text }: KfpWord): string {
  const isOfKubernetes = signature.startsWith('kubernetes.');
  const link = isOfKubernetes ? `[kfp.kubernetes](${KUBERNETES})` : `[kfp.dsl](${DSL})`;
  return `\`\`\`python\n${signature}\n\`\`\`\n${text}\n\n${link}`;
}
