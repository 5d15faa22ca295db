/** Pipeline specs for tests, as the SDK would write them. A test names only what matters to it. */
import type { SpecDocuments } from '../../src/clients/kfp/model.ts';
import type { JsonObject, JsonValue } from '../../src/core/base/json.ts';
import type { ParameterType } from '../../src/core/ir/model.ts';

type Types = Readonly<Record<string, ParameterType>>;

interface Io {
  readonly in?: Readonly<Record<string, ParameterType | JsonObject>>;
  readonly out?: Types;
  readonly artifactsIn?: Readonly<Record<string, string | JsonObject>>;
  readonly artifactsOut?: Readonly<Record<string, string | JsonObject>>;
}

export interface ComponentSpec {
  readonly component: JsonObject;
  readonly executor?: JsonObject;
}

/** A component that is one container. */
export function step(
  io: Io & {
    readonly command?: readonly string[];
    readonly args?: readonly string[];
    readonly image?: string;
    readonly env?: readonly { name: string; value: string }[];
  } = {},
): ComponentSpec {
  const { command = ['step'], args = [], image = 'python:3.11', env } = io;
  return {
    component: definitions(io),
    executor: { container: { image, command, args, ...(env ? { env } : {}) } },
  };
}

/** A lightweight Python component. */
export function python(
  source: string,
  functionName: string,
  io: Io = {},
  packages: readonly string[] = [],
): ComponentSpec {
  const install =
    packages.length > 0
      ? ` && python3 -m pip install --quiet --no-warn-script-location ${packages.map((one) => `'${one}'`).join(' ')}`
      : '';
  return {
    component: definitions(io),
    executor: {
      container: {
        image: 'python:3.11',
        command: [
          'sh',
          '-c',
          `\nif ! [ -x "$(command -v pip)" ]; then\n    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip\nfi\n\nPIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location 'kfp==2.17.0' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<"3.9"'${install} && "$0" "$@"\n`,
          'sh',
          '-ec',
          'program_path=$(mktemp -d)\n\nprintf "%s" "$0" > "$program_path/ephemeral_component.py"\n_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main                         --component_module_path                         "$program_path/ephemeral_component.py"                         "$@"\n',
          `\nimport kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n\n${source}\n`,
        ],
        args: ['--executor_input', '{{$}}', '--function_to_execute', functionName],
      },
    },
  };
}

export function importer(uri: JsonObject, metadata: JsonObject = {}, reimport = false): ComponentSpec {
  return {
    component: {
      ...definitions({ artifactsOut: { artifact: 'system.Dataset' } }),
      ...('runtimeParameter' in uri
        ? { inputDefinitions: { parameters: { uri: { parameterType: 'STRING' } } } }
        : {}),
    },
    executor: {
      importer: {
        artifactUri: uri,
        typeSchema: { schemaTitle: 'system.Dataset', schemaVersion: '0.0.1' },
        metadata,
        reimport,
      },
    },
  };
}

/** A component that is a DAG. */
export function dag(
  tasks: Readonly<Record<string, JsonObject>>,
  io: Io & { readonly outputs?: JsonObject } = {},
): ComponentSpec {
  return {
    component: {
      ...definitions(io),
      dag: { tasks, ...(io.outputs ? { outputs: io.outputs } : {}) },
    },
  };
}

function definitions(io: Io): JsonObject {
  const inputs = {
    ...(io.in
      ? { parameters: map(io.in, (type) => (typeof type === 'string' ? { parameterType: type } : type)) }
      : {}),
    ...(io.artifactsIn ? { artifacts: map(io.artifactsIn, artifact) } : {}),
  };
  const outputs = {
    ...(io.out ? { parameters: map(io.out, (parameterType) => ({ parameterType })) } : {}),
    ...(io.artifactsOut ? { artifacts: map(io.artifactsOut, artifact) } : {}),
  };
  return {
    ...(Object.keys(inputs).length > 0 ? { inputDefinitions: inputs } : {}),
    ...(Object.keys(outputs).length > 0 ? { outputDefinitions: outputs } : {}),
  };
}

function artifact(type: string | JsonObject): JsonObject {
  return typeof type === 'string' ? { artifactType: { schemaTitle: type, schemaVersion: '0.0.1' } } : type;
}

function map<T, U>(record: Readonly<Record<string, T>>, to: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));
}

export interface TaskOptions {
  readonly after?: readonly string[];
  /** `constant(…)`, `from('a.Output')`, `input('x')`, or raw JSON. */
  readonly parameters?: Readonly<Record<string, JsonObject>>;
  readonly artifacts?: Readonly<Record<string, JsonObject>>;
  readonly condition?: string;
  readonly runsAfterFailure?: boolean;
  readonly retry?: JsonObject;
  readonly cache?: boolean | string;
  readonly loop?: JsonObject;
}

/** A task of the component `comp-<name>`. */
export function task(name: string, options: TaskOptions = {}): JsonObject {
  const trigger = {
    ...(options.condition === undefined ? {} : { condition: options.condition }),
    ...(options.runsAfterFailure ? { strategy: 'ALL_UPSTREAM_TASKS_COMPLETED' } : {}),
  };
  return {
    componentRef: { name: `comp-${name}` },
    taskInfo: { name },
    ...(options.after ? { dependentTasks: options.after } : {}),
    ...(options.parameters || options.artifacts
      ? {
          inputs: {
            ...(options.parameters ? { parameters: options.parameters } : {}),
            ...(options.artifacts ? { artifacts: options.artifacts } : {}),
          },
        }
      : {}),
    ...(Object.keys(trigger).length > 0 ? { triggerPolicy: trigger } : {}),
    ...(options.retry ? { retryPolicy: options.retry } : {}),
    ...(options.cache === undefined || options.cache === false
      ? {}
      : {
          cachingOptions: {
            enableCache: true,
            ...(typeof options.cache === 'string' ? { cacheKey: options.cache } : {}),
          },
        }),
    ...options.loop,
  };
}

export function constant(value: JsonValue): JsonObject {
  return { runtimeValue: { constant: value } };
}

export function input(name: string, selector?: string): JsonObject {
  return {
    componentInputParameter: name,
    ...(selector === undefined ? {} : { parameterExpressionSelector: selector }),
  };
}

export function from(producerTask: string, outputParameterKey = 'Output'): JsonObject {
  return { taskOutputParameter: { producerTask, outputParameterKey } };
}

export function artifactInput(name: string): JsonObject {
  return { componentInputArtifact: name };
}

export function artifactFrom(producerTask: string, outputArtifactKey: string): JsonObject {
  return { taskOutputArtifact: { producerTask, outputArtifactKey } };
}

export function finalStatus(producerTask: string): JsonObject {
  return { taskFinalStatus: { producerTask } };
}

export function over(items: JsonObject, itemInput: string, limit = 0): JsonObject {
  return {
    parameterIterator: { items, itemInput },
    ...(limit > 0 ? { iteratorPolicy: { parallelismLimit: limit } } : {}),
  };
}

export function value(producerSubtask: string, outputParameterKey = 'Output'): JsonObject {
  return { valueFromParameter: { producerSubtask, outputParameterKey } };
}

/** `components` by the name that `task` takes; `root` is the pipeline. */
export function pipeline(
  root: ComponentSpec,
  components: Readonly<Record<string, ComponentSpec>> = {},
): SpecDocuments {
  const executors: Record<string, JsonObject> = {};
  const compiled: Record<string, JsonObject> = {};
  for (const [name, { component, executor }] of Object.entries(components)) {
    compiled[`comp-${name}`] = executor ? { ...component, executorLabel: `exec-${name}` } : component;
    if (executor) executors[`exec-${name}`] = executor;
  }
  return {
    pipelineSpec: {
      schemaVersion: '2.1.0',
      sdkVersion: 'kfp-2.17.0',
      pipelineInfo: { name: 'test-pipeline' },
      deploymentSpec: { executors },
      components: compiled,
      root: root.component,
    },
    platformSpec: undefined,
  };
}
