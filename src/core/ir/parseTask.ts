import type {
  ArtifactSource,
  Dag,
  DagOutputArtifact,
  DagOutputParameter,
  Iterator,
  OutputSelector,
  ParameterSource,
  RetryPolicy,
  Task,
} from './model.ts';
import { parseConstant } from './parseExecutor.ts';
import type { Entries, Entry, Value, YamlReader } from './yamlReader.ts';

/** A component's `dag`: its tasks and where its outputs come from. */
export function parseDag(reader: YamlReader, entry: Entry): Dag {
  const fields = reader.entries(entry.value, 'dag');
  const outputs = reader.entries(fields.get('outputs')?.value, 'outputs');
  return {
    tasks: [...reader.entries(fields.get('tasks')?.value, 'tasks').values()].map((task) =>
      parseTask(reader, task),
    ),
    outputs: {
      parameters: [...reader.entries(outputs.get('parameters')?.value, 'parameters').values()].map((output) =>
        parseDagOutputParameter(reader, output),
      ),
      artifacts: [...reader.entries(outputs.get('artifacts')?.value, 'artifacts').values()].map((output) =>
        parseDagOutputArtifact(reader, output),
      ),
    },
    range: entry.range,
  };
}

function parseDagOutputParameter(reader: YamlReader, entry: Entry): DagOutputParameter {
  const fields = reader.entries(entry.value, entry.key);
  const oneOf = fields.get('valueFromOneof') ?? fields.get('valueFromOneOf');
  const single = fields.get('valueFromParameter');
  const selectors =
    oneOf === undefined
      ? single === undefined
        ? []
        : [single.value]
      : reader.items(
          reader.entries(oneOf.value, 'valueFromOneof').get('parameterSelectors')?.value,
          'parameterSelectors',
        );
  return {
    name: entry.key,
    nameRange: entry.keyRange,
    kind: oneOf === undefined ? 'single' : 'oneOf',
    selectors: selectors.map((value) => parseSelector(reader, value, 'outputParameterKey')),
    range: entry.range,
  };
}

function parseDagOutputArtifact(reader: YamlReader, entry: Entry): DagOutputArtifact {
  const selectors = reader.entries(entry.value, entry.key).get('artifactSelectors')?.value;
  return {
    name: entry.key,
    nameRange: entry.keyRange,
    selectors: reader
      .items(selectors, 'artifactSelectors')
      .map((value) => parseSelector(reader, value, 'outputArtifactKey')),
    range: entry.range,
  };
}

function parseSelector(reader: YamlReader, value: Value, keyField: string): OutputSelector {
  const fields = reader.entries(value, 'selector');
  const producer = named(reader, fields, 'producerSubtask', value);
  const key = named(reader, fields, keyField, value);
  return {
    producerTask: producer.name,
    producerRange: producer.range,
    outputKey: key.name,
    outputKeyRange: key.range,
    range: value.range,
  };
}

function parseTask(reader: YamlReader, entry: Entry): Task {
  const fields = reader.entries(entry.value, entry.key);
  const component = reader.entries(fields.get('componentRef')?.value, 'componentRef');
  const componentRef = named(reader, component, 'name', {
    range: fields.get('componentRef')?.range ?? entry.keyRange,
  });
  const inputs = reader.entries(fields.get('inputs')?.value, 'inputs');
  const caching = reader.entries(fields.get('cachingOptions')?.value, 'cachingOptions');
  const trigger = reader.entries(fields.get('triggerPolicy')?.value, 'triggerPolicy');
  const condition = reader.text(trigger.get('condition')?.value, 'condition');
  const strategy = reader.text(trigger.get('strategy')?.value, 'strategy');
  const info = reader.entries(fields.get('taskInfo')?.value, 'taskInfo');
  return {
    key: entry.key,
    name: reader.text(info.get('name')?.value, 'name') ?? entry.key,
    componentRef: componentRef.name,
    componentRefRange: componentRef.range,
    inputs: {
      parameters: [...reader.entries(inputs.get('parameters')?.value, 'parameters').values()].map((input) =>
        parseTaskParameter(reader, input),
      ),
      artifacts: [...reader.entries(inputs.get('artifacts')?.value, 'artifacts').values()].map((input) => ({
        name: input.key,
        nameRange: input.keyRange,
        source: parseArtifactSource(reader, reader.entries(input.value, input.key), input),
        range: input.range,
      })),
    },
    dependentTasks: reader.items(fields.get('dependentTasks')?.value, 'dependentTasks').map((value) => ({
      task: reader.text(value, 'dependentTasks') ?? '',
      range: value.range,
    })),
    trigger: {
      condition: condition === '' ? undefined : condition,
      conditionRange: condition === undefined ? undefined : trigger.get('condition')?.value.range,
      runsAfterFailure: strategy === 'ALL_UPSTREAM_TASKS_COMPLETED',
    },
    iterator: parseIterator(reader, fields),
    retry: parseRetry(reader, fields.get('retryPolicy')),
    caching: {
      enabled: reader.flag(caching.get('enableCache')?.value, 'enableCache'),
      key: reader.text(caching.get('cacheKey')?.value, 'cacheKey'),
    },
    range: entry.range,
    keyRange: entry.keyRange,
  };
}

function parseTaskParameter(reader: YamlReader, entry: Entry): Task['inputs']['parameters'][number] {
  const fields = reader.entries(entry.value, entry.key);
  return {
    name: entry.key,
    nameRange: entry.keyRange,
    source: parseParameterSource(reader, fields, entry),
    selector: reader.text(fields.get('parameterExpressionSelector')?.value, 'parameterExpressionSelector'),
    range: entry.range,
  };
}

function parseParameterSource(reader: YamlReader, fields: Entries, entry: Entry): ParameterSource {
  const runtime = reader.entries(fields.get('runtimeValue')?.value, 'runtimeValue');
  const constant = parseConstant(reader, runtime);
  if (constant !== undefined) return { kind: 'constant', value: constant };
  // `runtimeParameter` is how the oldest documents write componentInputParameter.
  for (const [from, key] of [
    [fields, 'componentInputParameter'] as const,
    [runtime, 'runtimeParameter'] as const,
  ]) {
    if (!from.has(key)) continue;
    const { name, range } = named(reader, from, key, entry);
    return { kind: 'componentInput', name, nameRange: range };
  }
  const status = fields.get('taskFinalStatus');
  if (status !== undefined) {
    const producer = named(reader, reader.entries(status.value, 'taskFinalStatus'), 'producerTask', status);
    return { kind: 'taskFinalStatus', producerTask: producer.name, producerRange: producer.range };
  }
  return parseTaskOutput(reader, fields.get('taskOutputParameter'), 'outputParameterKey');
}

function parseArtifactSource(reader: YamlReader, fields: Entries, entry: Entry): ArtifactSource {
  if (fields.has('componentInputArtifact')) {
    const { name, range } = named(reader, fields, 'componentInputArtifact', entry);
    return { kind: 'componentInput', name, nameRange: range };
  }
  return parseTaskOutput(reader, fields.get('taskOutputArtifact'), 'outputArtifactKey');
}

function parseTaskOutput(
  reader: YamlReader,
  entry: Entry | undefined,
  keyField: string,
): Extract<ArtifactSource, { kind: 'taskOutput' | 'missing' }> {
  if (entry === undefined) return { kind: 'missing' };
  const fields = reader.entries(entry.value, entry.key);
  const producer = named(reader, fields, 'producerTask', entry);
  const key = named(reader, fields, keyField, entry);
  return {
    kind: 'taskOutput',
    producerTask: producer.name,
    producerRange: producer.range,
    outputKey: key.name,
    outputKeyRange: key.range,
  };
}

function parseIterator(reader: YamlReader, task: Entries): Iterator | undefined {
  const parameter = task.get('parameterIterator');
  const entry = parameter ?? task.get('artifactIterator');
  if (entry === undefined) return undefined;
  const fields = reader.entries(entry.value, entry.key);
  const items = reader.entries(fields.get('items')?.value, 'items');
  const policy = reader.entries(task.get('iteratorPolicy')?.value, 'iteratorPolicy');
  const itemInput = named(reader, fields, 'itemInput', entry);
  const raw = parameter === undefined ? undefined : items.get('raw');
  const source = named(reader, items, parameter === undefined ? 'inputArtifact' : 'inputParameter', entry);
  return {
    kind: parameter === undefined ? 'artifact' : 'parameter',
    items:
      raw === undefined
        ? { kind: 'input', name: source.name, range: source.range }
        : { kind: 'raw', json: reader.text(raw.value, 'raw') ?? '', range: raw.value.range },
    itemInput: itemInput.name,
    itemInputRange: itemInput.range,
    parallelismLimit: reader.number(policy.get('parallelismLimit')?.value, 'parallelismLimit') ?? 0,
    range: entry.range,
  };
}

/** What is left out has the format's own defaults. */
function parseRetry(reader: YamlReader, entry: Entry | undefined): RetryPolicy | undefined {
  if (entry === undefined) return undefined;
  const fields = reader.entries(entry.value, 'retryPolicy');
  return {
    maxRetryCount: reader.number(fields.get('maxRetryCount')?.value, 'maxRetryCount') ?? 0,
    backoffSeconds: parseDuration(reader, fields.get('backoffDuration')) ?? 0,
    backoffFactor: reader.number(fields.get('backoffFactor')?.value, 'backoffFactor') ?? 2,
    backoffMaxSeconds: parseDuration(reader, fields.get('backoffMaxDuration')) ?? 3600,
  };
}

/** Protobuf's JSON form of a duration: `1.5s`. */
function parseDuration(reader: YamlReader, entry: Entry | undefined): number | undefined {
  const text = reader.text(entry?.value, entry?.key ?? '');
  if (entry === undefined || text === undefined) return undefined;
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(text) ?? [];
  if (seconds !== undefined) return Number(seconds);
  reader.report('wrong-type', `'${entry.key}' must be seconds such as '60s'.`, entry.value.range);
  return undefined;
}

/** A name by which something else is meant, and where it stands; absent, it is empty and stands at its parent. */
function named(
  reader: YamlReader,
  fields: Entries,
  key: string,
  parent: Pick<Value, 'range'>,
): { readonly name: string; readonly range: Value['range'] } {
  const value = fields.get(key)?.value;
  return { name: reader.text(value, key) ?? '', range: value?.range ?? parent.range };
}
