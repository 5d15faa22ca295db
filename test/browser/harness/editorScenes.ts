/** Small pipelines and a palette for the editor's tests: text as the SDK writes it. */
import { stringify } from 'yaml';
import type { JsonObject } from '../../../src/core/base/json.ts';
import type { ComponentDefinition } from '../../../src/core/ir/edit/gesture.ts';
import type { PaletteEntry, PortView } from '../../../src/core/protocol/graphEdit.ts';
import type { PaletteFixture } from './editorView.ts';

const components = {
  /** Nothing in; rows and a dataset out. */
  load: {
    inputs: {},
    outputs: { parameters: { rows: 'NUMBER_INTEGER' }, artifacts: { data: 'system.Dataset' } },
  },
  /** A dataset and settings in; a model and a score out. */
  train: {
    inputs: {
      parameters: { depth: 'NUMBER_INTEGER', name: 'STRING' },
      artifacts: { data: 'system.Dataset' },
    },
    outputs: { parameters: { score: 'NUMBER_DOUBLE' }, artifacts: { model: 'system.Model' } },
  },
  /** A text in. */
  report: { inputs: { parameters: { text: 'STRING' } }, outputs: {} },
  /** A list out. */
  grid: { inputs: {}, outputs: { parameters: { depths: 'LIST' } } },
  /** A list in. */
  pick: { inputs: { parameters: { scores: 'LIST' } }, outputs: {} },
} as const satisfies Record<string, Interface>;

interface Interface {
  readonly inputs: Ports;
  readonly outputs: Ports;
}
interface Ports {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly artifacts?: Readonly<Record<string, string>>;
}
export type ComponentName = keyof typeof components;

function definitions(ports: Ports): JsonObject | undefined {
  const parameters = mapped(ports.parameters, (type) => ({ parameterType: type }));
  const artifacts = mapped(ports.artifacts, (title) => ({
    artifactType: { schemaTitle: title, schemaVersion: '0.0.1' },
  }));
  if (parameters === undefined && artifacts === undefined) return undefined;
  return {
    ...(parameters === undefined ? {} : { parameters }),
    ...(artifacts === undefined ? {} : { artifacts }),
  };
}

function mapped(
  ports: Readonly<Record<string, string>> | undefined,
  write: (type: string) => JsonObject,
): JsonObject | undefined {
  if (ports === undefined) return undefined;
  return Object.fromEntries(Object.entries(ports).map(([name, type]) => [name, write(type)]));
}

function component(name: ComponentName): JsonObject {
  const { inputs, outputs } = components[name];
  const [inputDefinitions, outputDefinitions] = [definitions(inputs), definitions(outputs)];
  return {
    executorLabel: `exec-${name}`,
    ...(inputDefinitions === undefined ? {} : { inputDefinitions }),
    ...(outputDefinitions === undefined ? {} : { outputDefinitions }),
  };
}

const executor = (name: string): JsonObject => ({
  container: { image: 'python:3.12', command: ['echo', name] },
});

/** A task of one of the components; `change` adds inputs, dependencies and what else it has. */
export function step(name: ComponentName, change: JsonObject = {}): JsonObject {
  return {
    cachingOptions: { enableCache: true },
    componentRef: { name: `comp-${name}` },
    taskInfo: { name },
    ...change,
  };
}

export function pipeline(options: {
  readonly tasks: Readonly<Record<string, JsonObject>>;
  readonly inputs?: JsonObject;
}): string {
  const used = (Object.keys(components) as ComponentName[]).filter((name) =>
    Object.values(options.tasks).some(
      (task) => JSON.stringify(task['componentRef']) === JSON.stringify({ name: `comp-${name}` }),
    ),
  );
  const tasks = Object.fromEntries(
    Object.entries(options.tasks).map(([key, task]) => [key, { ...task, taskInfo: { name: key } }]),
  );
  return stringify({
    components: Object.fromEntries(used.map((name) => [`comp-${name}`, component(name)])),
    deploymentSpec: { executors: Object.fromEntries(used.map((name) => [`exec-${name}`, executor(name)])) },
    pipelineInfo: { name: 'churn' },
    root: {
      dag: { tasks },
      ...(options.inputs === undefined ? {} : { inputDefinitions: { parameters: options.inputs } }),
    },
    schemaVersion: '2.1.0',
    sdkVersion: 'kfp-2.17.0',
  });
}

function views(ports: Ports): readonly PortView[] {
  return [
    ...Object.entries(ports.parameters ?? {}).map(([name, type]) => ({
      name,
      kind: 'parameter' as const,
      type,
      isOptional: false,
    })),
    ...Object.entries(ports.artifacts ?? {}).map(([name, type]) => ({
      name,
      kind: 'artifact' as const,
      type,
      isOptional: false,
    })),
  ];
}

function entry(
  name: ComponentName,
  group: PaletteEntry['group'],
  description: string | undefined,
): PaletteFixture {
  const definition: ComponentDefinition = {
    name: `comp-${name}`,
    component: component(name),
    executors: { [`exec-${name}`]: executor(name) },
  };
  const { inputs, outputs } = components[name];
  return {
    entry: {
      id: `${group}:${name}`,
      name,
      description,
      group,
      origin: group === 'file' ? 'this file' : `components/${name}.yaml`,
      inputs: views(inputs),
      outputs: views(outputs),
    },
    definition,
  };
}

export const palette: readonly PaletteFixture[] = [
  entry('load', 'file', undefined),
  entry('train', 'workspace', 'Fits a gradient boosted tree'),
  entry('report', 'workspace', undefined),
  entry('grid', 'starter', 'Depths to try'),
];

/** Trains that each take the data of a loader some steps before: wide and deep. */
export function manySteps(count: number): string {
  const tasks = Array.from({ length: count }, (_, at) => {
    const loader = at - (at % 5);
    const isLoader = at === loader;
    return [
      `step-${at}`,
      isLoader
        ? step('load', at === 0 ? {} : { dependentTasks: [`step-${at - 1}`] })
        : step('train', {
            dependentTasks: [`step-${loader}`],
            inputs: {
              artifacts: {
                data: { taskOutputArtifact: { producerTask: `step-${loader}`, outputArtifactKey: 'data' } },
              },
              parameters: {
                depth: {
                  taskOutputParameter: { producerTask: `step-${loader}`, outputParameterKey: 'rows' },
                },
                name: { runtimeValue: { constant: `model ${at}` } },
              },
            },
          }),
    ] as const;
  });
  return pipeline({ tasks: Object.fromEntries(tasks) });
}
