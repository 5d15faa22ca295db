/** What is not the same about a task that both versions have, and about the pipeline itself. */
import { canonicalJson } from '../../base/canonicalJson.ts';
import type { JsonValue } from '../../base/json.ts';
import type { FieldChange } from '../../protocol/graphDiff.ts';
import { childId } from '../graph.ts';
import type { Component, Executor, PipelineDocument, Task, TaskArtifact, TaskParameter } from '../model.ts';
import {
  innerInputNames,
  isChannel,
  readableCondition,
  readableSource,
  type InputNames,
  type Scope,
} from '../readable.ts';
import type { Group } from './groups.ts';
import { idAfter, type Matches, type Version } from './match.ts';
import {
  canonicalCondition,
  originsOf,
  originsText,
  outputOrigins,
  withOrigins,
  type Origins,
} from './origins.ts';

/** A task where it stands in one version. */
export interface Placed {
  readonly version: Version;
  readonly group: Group;
  readonly task: Task;
}

/** A field that is compared by `key` and shown as `text`. */
interface Field {
  readonly key: string;
  readonly text: string;
}
type Fields = ReadonlyMap<string, Field>;

/** Empty for two that mean the same; sources are compared by where their values really come from. */
export function taskChanges(before: Placed, after: Placed, matches: Matches): readonly FieldChange[] {
  const changes = compare(
    fieldsOf(before, (node) => idAfter(matches, node)),
    fieldsOf(after, (node) => node),
  );
  const [from, to] = [before.group.id, after.group.id];
  const isMoved = idAfter(matches, from) !== to;
  return isMoved ? [{ path: 'group', before: groupName(from), after: groupName(to) }, ...changes] : changes;
}

/** Name, description, inputs and outputs. */
export function pipelineChanges(before: Version, after: Version, matches: Matches): readonly FieldChange[] {
  return compare(
    pipelineFields(before, (node) => idAfter(matches, node)),
    pipelineFields(after, (node) => node),
  );
}

function groupName(id: string): string {
  return id === '' ? 'the pipeline' : id;
}

function compare(before: Fields, after: Fields): readonly FieldChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths.flatMap((path) => {
    const [a, b] = [before.get(path), after.get(path)];
    return a?.key === b?.key ? [] : [{ path, before: a?.text, after: b?.text }];
  });
}

function pipelineFields(version: Version, idOf: (node: string) => string): Fields {
  const { document, root } = version;
  const fields = new Map<string, Field>();
  const add = adder(fields);
  add('name', document.name);
  add('displayName', document.displayName);
  add('description', document.description);
  add('defaultPipelineRoot', document.defaultPipelineRoot);
  addInterface(fields, document.root, true);
  addOutputs(fields, root, idOf);
  return fields;
}

function fieldsOf({ version, group, task }: Placed, idOf: (node: string) => string): Fields {
  const { document } = version;
  const fields = new Map<string, Field>();
  const add = adder(fields);
  const scope = scopeOf(document, group);
  const component = document.components.get(task.componentRef);
  const inner = group.inner.get(task.key);
  add('name', withoutNumber(task.name, task.key));
  const isOwn = inner === undefined || isSubPipeline(task);
  for (const input of [...task.inputs.parameters, ...task.inputs.artifacts]) {
    // What the compiler passes in shows at who reads it.
    if (!isOwn && isChannel(input.name)) continue;
    fields.set(`inputs.${input.name}`, {
      key: originsText(originsOf(group, input), idOf),
      text: readableSource(document, input, scope),
    });
  }
  for (const upstream of orderOnly(task)) {
    fields.set(`runAfter.${idOf(childId(group.id, upstream))}`, { key: '', text: upstream });
  }
  if (task.trigger.condition !== undefined) {
    fields.set('condition', {
      key: canonicalCondition(group, task, (origins) => originsText(origins, idOf)),
      text: readableCondition(task.trigger.condition, innerInputNames(document, task, scope)),
    });
  }
  add('runsAfterFailure', task.trigger.runsAfterFailure || undefined);
  if (task.iterator !== undefined) addLoop(fields, document, { group, task, scope }, idOf);
  add('retry', task.retry === undefined ? undefined : { ...task.retry });
  if (inner === undefined) {
    add('caching', task.caching.enabled);
    add('cacheKey', task.caching.key);
  }
  if (component !== undefined && isOwn) addInterface(fields, component, inner !== undefined);
  if (inner !== undefined && isOwn) addOutputs(fields, inner, idOf);
  if (component?.implementation.kind === 'executor') {
    const { label } = component.implementation;
    addExecutor(fields, document.executors.get(label));
    for (const [key, value] of Object.entries(document.kubernetes.get(label) ?? {})) {
      const read = (describe: (origins: Origins) => string): string =>
        canonicalJson(withOrigins(group, value, describe));
      fields.set(`kubernetes.${key}`, {
        key: read((origins) => originsText(origins, idOf)),
        text: read(originsLabel),
      });
    }
  }
  return fields;
}

function adder(fields: Map<string, Field>): (path: string, value: JsonValue | undefined) => void {
  return (path, value) => {
    if (value === undefined) return;
    const key = canonicalJson(value);
    fields.set(path, { key, text: typeof value === 'string' ? value : key });
  };
}

/** Types, defaults and descriptions of what people gave names to. */
function addInterface(fields: Map<string, Field>, component: Component, withPresence: boolean): void {
  const add = adder(fields);
  for (const input of component.inputs.parameters) {
    if (isChannel(input.name)) continue;
    add(`input ${input.name}.type`, input.type);
    add(`input ${input.name}.default`, input.defaultValue);
    // With a default it goes without saying.
    const isOptional = withPresence && input.isOptional && input.defaultValue === undefined;
    add(`input ${input.name}.optional`, isOptional || undefined);
    add(`input ${input.name}.description`, input.description);
  }
  for (const input of component.inputs.artifacts) {
    if (isChannel(input.name)) continue;
    add(
      `input ${input.name}.type`,
      input.isList ? `list of ${input.type.schemaTitle}` : input.type.schemaTitle,
    );
    add(`input ${input.name}.description`, input.description);
  }
  for (const output of component.outputs.parameters) {
    if (!isChannel(output.name)) add(`output ${output.name}.type`, output.type);
  }
  for (const output of component.outputs.artifacts) {
    if (!isChannel(output.name)) add(`output ${output.name}.type`, output.type.schemaTitle);
  }
}

function addOutputs(fields: Map<string, Field>, group: Group, idOf: (node: string) => string): void {
  for (const { name, selectors } of [...group.dag.outputs.parameters, ...group.dag.outputs.artifacts]) {
    if (isChannel(name)) continue;
    const origins: Origins = selectors.flatMap(({ producerTask, outputKey }) =>
      outputOrigins(group, producerTask, outputKey),
    );
    fields.set(`output ${name}`, {
      key: originsText(origins, idOf),
      text: originsLabel(origins),
    });
  }
}

function addLoop(
  fields: Map<string, Field>,
  document: PipelineDocument,
  { group, task, scope }: { readonly group: Group; readonly task: Task; readonly scope: Scope },
  idOf: (node: string) => string,
): void {
  const { iterator } = task;
  if (iterator === undefined) return;
  const { items, parallelismLimit } = iterator;
  if (items.kind === 'raw') {
    const text = compactJson(items.json);
    fields.set('items', { key: text, text });
  } else {
    const input = findInput(task, items.name);
    if (input !== undefined) {
      fields.set('items', {
        key: originsText(originsOf(group, input), idOf),
        text: readableSource(document, input, scope),
      });
    }
  }
  if (parallelismLimit > 0) adder(fields)('parallelism', parallelismLimit);
}

function addExecutor(fields: Map<string, Field>, executor: Executor | undefined): void {
  const add = adder(fields);
  if (executor?.kind === 'importer') {
    add('uri', executor.artifactUri.kind === 'constant' ? executor.artifactUri.value : undefined);
    add('type', executor.type.schemaTitle);
    add('reimport', executor.reimport);
    add('metadata', executor.metadata);
    return;
  }
  if (executor?.kind !== 'container') return;
  const { python, resources } = executor;
  add('image', executor.image);
  if (python === undefined) {
    add('command', executor.command);
    add('args', executor.args);
  } else {
    add('function', python.functionName);
    add('code', python.source.trim());
    add('packages', python.packages);
    add('kfpVersion', python.kfpVersion);
  }
  for (const { name, value } of executor.env) add(`env.${name}`, value);
  add('cpuRequest', resources?.cpuRequest);
  add('cpuLimit', resources?.cpuLimit);
  add('memoryRequest', resources?.memoryRequest);
  add('memoryLimit', resources?.memoryLimit);
  const accelerator = resources?.accelerator;
  add('accelerator', accelerator === undefined ? undefined : `${accelerator.count} × ${accelerator.type}`);
}

/** What people read of a group: its inputs by the names that they had where they came from. */
function scopeOf(document: PipelineDocument, group: Group): Scope {
  const { opener } = group;
  const inputs: InputNames =
    opener === undefined
      ? new Map()
      : innerInputNames(document, opener.task, scopeOf(document, opener.group));
  return { tasks: group.tasks, inputs };
}

function isSubPipeline(task: Task): boolean {
  return (
    task.iterator === undefined &&
    task.trigger.condition === undefined &&
    !/^(?:condition-branches|exit-handler)-\d+$/.test(task.key)
  );
}

/** Compilers number tasks of one name; the number is nobody's name. */
function withoutNumber(name: string, key: string): string {
  return name === key ? name.replace(/-\d+$/, '') : name;
}

function orderOnly(task: Task): readonly string[] {
  const read = new Set(
    [...task.inputs.parameters, ...task.inputs.artifacts].flatMap(({ source }) =>
      source.kind === 'taskOutput' || source.kind === 'taskFinalStatus' ? [source.producerTask] : [],
    ),
  );
  return task.dependentTasks.map(({ task: upstream }) => upstream).filter((upstream) => !read.has(upstream));
}

function findInput(task: Task, name: string): TaskParameter | TaskArtifact | undefined {
  return [...task.inputs.parameters, ...task.inputs.artifacts].find((input) => input.name === name);
}

function originsLabel(origins: Origins): string {
  return origins.map(({ node, name }) => (node === '' ? name : `${lastKey(node)}.${name}`)).join(' or ');
}

function lastKey(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** Raw items in whatever way they are written. */
function compactJson(json: string): string {
  try {
    // JSON is JSON values by what it is.
    return canonicalJson(JSON.parse(json) as JsonValue);
  } catch {
    return json;
  }
}
