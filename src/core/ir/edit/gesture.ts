/**
 * Everything the canvas can ask of a pipeline, as data: it crosses the webview's wire (so it is checked by schema),
 * and becomes splices of IR text (plan.ts) or an edit of the user's Python. Tasks are named by their node id, the
 * scope path of graphModel.ts; a group is the node id of the task that opens it, the pipeline itself is ''.
 */
import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../base/json.ts';

const nodeId = z.string().min(1).max(2_000);
const group = z.string().max(2_000);
const name = z.string().min(1).max(500);
const json: z.ZodType<JsonValue> = z.json();
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Where a value comes from. Producers may be in an outer or inner group: what carries it across borders is added. */
export const source = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('constant'), value: json }),
  /** An input of the pipeline or of the sub-pipeline `group`. */
  z.object({ kind: z.literal('groupInput'), group, name }),
  z.object({ kind: z.literal('taskOutput'), task: nodeId, output: name }),
  /** The item of the loop `group`; `field` picks one of a struct. */
  z.object({ kind: z.literal('loopItem'), group: nodeId, field: name.optional() }),
]);
export type GestureSource = z.infer<typeof source>;

/** A component to put into the file: its entry in `components`, what it needs beside it, and its executors. */
const definition = z.object({
  /** Wished for; another number is added when it is taken by something else. */
  name,
  component: jsonObject,
  components: z.record(z.string(), jsonObject).optional(),
  /** By label, as `component` and `components` name them. */
  executors: z.record(z.string(), jsonObject),
  /** KubernetesExecutorConfig by executor label. */
  kubernetes: z.record(z.string(), jsonObject).optional(),
  /** The function that it is compiled from: a pipeline in Python calls it instead. `file`: absolute path. */
  python: z.object({ file: z.string(), function: name }).optional(),
});
export type ComponentDefinition = z.infer<typeof definition>;

const clipboard = z.object({
  slipway: z.literal('tasks'),
  tasks: z.array(z.object({ key: name, task: jsonObject })),
  components: z.record(z.string(), jsonObject),
  executors: z.record(z.string(), jsonObject),
  kubernetes: z.record(z.string(), jsonObject),
});
/** Tasks with all they need, e.g. as text of the system's clipboard. */
export type TaskClipboard = z.infer<typeof clipboard>;

const comparison = z.object({
  left: source,
  operator: z.enum(['==', '!=', '<', '<=', '>', '>=']),
  right: source,
});
export type Comparison = z.infer<typeof comparison>;

const port = z.object({
  name,
  kind: z.enum(['parameter', 'artifact']),
  /** A parameter type, or an artifact's schema title. */
  type: name,
  /** For inputs only. `undefined`: none. */
  defaultValue: json.optional(),
  isOptional: z.boolean().optional(),
  description: z.string().max(10_000).optional(),
});

export type GesturePort = z.infer<typeof port>;

const resources = z.object({
  cpuRequest: z.string().optional(),
  cpuLimit: z.string().optional(),
  memoryRequest: z.string().optional(),
  memoryLimit: z.string().optional(),
  accelerator: z.object({ type: z.string(), count: z.string() }).optional(),
});

const retry = z.object({
  maxRetryCount: z.int().min(0),
  /** Seconds. */
  backoffSeconds: z.number().min(0).optional(),
  backoffFactor: z.number().min(0).optional(),
  backoffMaxSeconds: z.number().min(0).optional(),
});

export const gesture = z.discriminatedUnion('kind', [
  // tasks
  z.object({
    kind: z.literal('addTask'),
    group,
    component: z.union([z.object({ existing: name }), z.object({ definition })]),
    name: name.optional(),
    /** Inputs wired at once, e.g. by a quick-add on a dangling edge. */
    inputs: z.record(z.string(), source).optional(),
    /** The new task's output becomes this input of another task. */
    feeds: z.object({ task: nodeId, input: name, output: name }).optional(),
  }),
  z.object({ kind: z.literal('rename'), task: nodeId, name }),
  z.object({ kind: z.literal('delete'), tasks: z.array(nodeId).min(1) }),
  z.object({ kind: z.literal('duplicate'), tasks: z.array(nodeId).min(1) }),
  z.object({ kind: z.literal('paste'), group, clipboard }),
  z.object({ kind: z.literal('moveTo'), tasks: z.array(nodeId).min(1), group }),
  // wires
  z.object({ kind: z.literal('connect'), task: nodeId, input: name, source }),
  /** Takes the source away; the default applies, if there is one. */
  z.object({ kind: z.literal('disconnect'), task: nodeId, input: name }),
  z.object({ kind: z.literal('runAfter'), task: nodeId, after: nodeId }),
  z.object({ kind: z.literal('removeRunAfter'), task: nodeId, after: nodeId }),
  /** A new input of the pipeline, of the type that the task's input takes, and connected to it. */
  z.object({ kind: z.literal('createInput'), task: nodeId, input: name }),
  // inputs and outputs of the pipeline and of sub-pipelines
  z.object({ kind: z.literal('addInput'), group, port }),
  z.object({ kind: z.literal('changeInput'), group, name, port }),
  z.object({ kind: z.literal('removeInput'), group, name }),
  z.object({ kind: z.literal('addOutput'), group, name, from: z.object({ task: nodeId, output: name }) }),
  z.object({ kind: z.literal('renameOutput'), group, name, newName: name }),
  z.object({ kind: z.literal('removeOutput'), group, name }),
  // control flow
  z.object({ kind: z.literal('wrapInIf'), tasks: z.array(nodeId).min(1), condition: comparison }),
  /** Adds Elif (with a condition) or Else to an If or to its wrapper. `tasks` of the same DAG move into it. */
  z.object({
    kind: z.literal('addBranch'),
    condition: comparison.optional(),
    branch: nodeId,
    tasks: z.array(nodeId).optional(),
  }),
  z.object({ kind: z.literal('setCondition'), branch: nodeId, condition: comparison }),
  /** One output of the branches' wrapper that is whichever branch's output ran. */
  z.object({
    kind: z.literal('addOneOf'),
    branches: nodeId,
    name,
    from: z.array(z.object({ task: nodeId, output: name })).min(1),
  }),
  z.object({
    kind: z.literal('wrapInLoop'),
    tasks: z.array(nodeId).min(1),
    items: source,
    parallelism: z.int().min(0).optional(),
  }),
  z.object({
    kind: z.literal('setLoop'),
    loop: nodeId,
    items: source.optional(),
    parallelism: z.int().min(0).optional(),
  }),
  /** `exitTask` runs when `tasks` have ended, however they ended. */
  z.object({ kind: z.literal('wrapInExitHandler'), tasks: z.array(nodeId).min(1), exitTask: nodeId }),
  z.object({ kind: z.literal('groupAsSubPipeline'), tasks: z.array(nodeId).min(1), name }),
  /** Puts a group's tasks in its place; the reverse of every wrap. */
  z.object({ kind: z.literal('unpack'), group: nodeId }),
  /** A component under a name of its own; every task that uses it follows. */
  z.object({ kind: z.literal('renameComponent'), component: name, name }),
  /** One that no task uses, with its executor when nothing else runs it. */
  z.object({ kind: z.literal('removeComponent'), component: name }),
  // settings, each for all of `tasks`; null takes it away
  z.object({ kind: z.literal('setCaching'), tasks: z.array(nodeId).min(1), enabled: z.boolean() }),
  z.object({ kind: z.literal('setRetry'), tasks: z.array(nodeId).min(1), retry: retry.nullable() }),
  z.object({
    kind: z.literal('setResources'),
    tasks: z.array(nodeId).min(1),
    resources: resources.nullable(),
  }),
  z.object({
    kind: z.literal('setContainer'),
    tasks: z.array(nodeId).min(1),
    image: z.string().optional(),
    command: z.array(z.string()).optional(),
    args: z.array(z.string()).optional(),
    env: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  }),
  /**
   * Fields of the platform document's KubernetesExecutorConfig (camelCase), each replaced as a whole, or removed by
   * null. An executor shared with tasks that are not meant is copied first.
   */
  z.object({
    kind: z.literal('setKubernetes'),
    tasks: z.array(nodeId).min(1),
    fields: jsonObject,
  }),
  z.object({
    kind: z.literal('setPipelineInfo'),
    name: name.optional(),
    description: z.string().max(10_000).nullable().optional(),
  }),
  /** A lightweight component's function, edited as Python: source, and the interface that follows from it. */
  z.object({
    kind: z.literal('setPythonSource'),
    component: name,
    functionName: name,
    source: z.string(),
    inputs: z.array(port),
    outputs: z.array(port),
    packages: z.array(z.string()).optional(),
  }),
]);
export type Gesture = z.infer<typeof gesture>;
export type GestureKind = Gesture['kind'];
