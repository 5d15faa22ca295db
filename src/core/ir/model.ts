/**
 * The KFP v2 pipeline document (PipelineSpec of pipeline_spec.proto plus the platform document) as plain,
 * structured-cloneable data. Dialects from SDK 2.0-beta to 2.17 are normalised by parse.ts: old twins
 * (`type: INT`, `constantValue`, `cpuLimit`) never reach this model.
 */
import type { JsonObject, JsonValue } from '../base/json.ts';

/** Half-open range of UTF-16 offsets in the source text, as the yaml package and VS Code count them. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

export type ParameterType =
  | 'NUMBER_DOUBLE'
  | 'NUMBER_INTEGER'
  | 'STRING'
  | 'BOOLEAN'
  | 'LIST'
  | 'STRUCT'
  | 'TASK_FINAL_STATUS'
  | 'TASK_CONFIG';

export interface InputParameter {
  readonly name: string;
  readonly nameRange: SourceRange;
  readonly type: ParameterType;
  /** `undefined`: no default. `null` is a default. */
  readonly defaultValue: JsonValue | undefined;
  readonly isOptional: boolean;
  readonly description: string | undefined;
  readonly literals: readonly JsonValue[];
  readonly range: SourceRange;
}

/** `schemaTitle`, e.g. `system.Dataset`, or an `instanceSchema`. */
export interface ArtifactType {
  readonly schemaTitle: string;
  readonly schemaVersion: string | undefined;
  readonly instanceSchema: string | undefined;
}

export interface InputArtifact {
  readonly name: string;
  readonly nameRange: SourceRange;
  readonly type: ArtifactType;
  readonly isList: boolean;
  readonly isOptional: boolean;
  readonly description: string | undefined;
  readonly range: SourceRange;
}

export interface OutputParameter {
  readonly name: string;
  readonly nameRange: SourceRange;
  readonly type: ParameterType;
  readonly description: string | undefined;
  readonly range: SourceRange;
}

export interface OutputArtifact {
  readonly name: string;
  readonly nameRange: SourceRange;
  readonly type: ArtifactType;
  readonly isList: boolean;
  readonly metadata: JsonObject;
  readonly description: string | undefined;
  readonly range: SourceRange;
}

export interface Component {
  /** Key in `components`; `root` for the root. */
  readonly name: string;
  readonly inputs: {
    readonly parameters: readonly InputParameter[];
    readonly artifacts: readonly InputArtifact[];
  };
  readonly outputs: {
    readonly parameters: readonly OutputParameter[];
    readonly artifacts: readonly OutputArtifact[];
  };
  readonly implementation:
    | { readonly kind: 'dag'; readonly dag: Dag }
    | { readonly kind: 'executor'; readonly label: string; readonly range: SourceRange }
    /** Neither `dag` nor `executorLabel`: validate.ts reports it. */
    | { readonly kind: 'missing' };
  readonly range: SourceRange;
  /** The key itself, for go-to and rename. */
  readonly nameRange: SourceRange;
}

export interface Dag {
  readonly tasks: readonly Task[];
  readonly outputs: {
    readonly parameters: readonly DagOutputParameter[];
    readonly artifacts: readonly DagOutputArtifact[];
  };
  readonly range: SourceRange;
}

export interface OutputSelector {
  readonly producerTask: string;
  readonly producerRange: SourceRange;
  readonly outputKey: string;
  readonly outputKeyRange: SourceRange;
  readonly range: SourceRange;
}

export interface DagOutputParameter {
  readonly name: string;
  readonly nameRange: SourceRange;
  /** `oneOf`: the first selector whose producer ran. */
  readonly kind: 'single' | 'oneOf';
  readonly selectors: readonly OutputSelector[];
  readonly range: SourceRange;
}

export interface DagOutputArtifact {
  readonly name: string;
  readonly nameRange: SourceRange;
  /** More than one: OneOf (condition branches) or Collected (loops), told apart by the output's `isList`. */
  readonly selectors: readonly OutputSelector[];
  readonly range: SourceRange;
}

export interface Task {
  /** Key in `dag.tasks`; unique in its DAG, and what other tasks refer to. */
  readonly key: string;
  /** `taskInfo.name`, shown to people. */
  readonly name: string;
  readonly componentRef: string;
  readonly componentRefRange: SourceRange;
  readonly inputs: {
    readonly parameters: readonly TaskParameter[];
    readonly artifacts: readonly TaskArtifact[];
  };
  readonly dependentTasks: readonly { readonly task: string; readonly range: SourceRange }[];
  readonly trigger: {
    /** CEL over `inputs.parameter_values[...]`. */
    readonly condition: string | undefined;
    readonly conditionRange: SourceRange | undefined;
    /** True for exit handlers and `ignore_upstream_failure`: ALL_UPSTREAM_TASKS_COMPLETED. */
    readonly runsAfterFailure: boolean;
  };
  readonly iterator: Iterator | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly caching: { readonly enabled: boolean; readonly key: string | undefined };
  readonly range: SourceRange;
  readonly keyRange: SourceRange;
}

export interface ComponentInputSource {
  readonly kind: 'componentInput';
  readonly name: string;
  readonly nameRange: SourceRange;
}

export interface TaskOutputSource {
  readonly kind: 'taskOutput';
  readonly producerTask: string;
  readonly producerRange: SourceRange;
  readonly outputKey: string;
  readonly outputKeyRange: SourceRange;
}

export type ParameterSource =
  | { readonly kind: 'constant'; readonly value: JsonValue }
  | ComponentInputSource
  | TaskOutputSource
  | {
      readonly kind: 'taskFinalStatus';
      readonly producerTask: string;
      readonly producerRange: SourceRange;
    }
  /** No known source in the text: validate.ts reports it. */
  | { readonly kind: 'missing' };

export interface TaskParameter {
  readonly name: string;
  readonly nameRange: SourceRange;
  readonly source: ParameterSource;
  /** `parameterExpressionSelector`, e.g. `parseJson(string_value)["a"]`. */
  readonly selector: string | undefined;
  readonly range: SourceRange;
}

export type ArtifactSource = ComponentInputSource | TaskOutputSource | { readonly kind: 'missing' };

export interface TaskArtifact {
  readonly name: string;
  readonly nameRange: SourceRange;
  readonly source: ArtifactSource;
  readonly range: SourceRange;
}

export interface Iterator {
  readonly kind: 'parameter' | 'artifact';
  /** A raw JSON list (as text), or the name of one of the task's own inputs. */
  readonly items:
    | { readonly kind: 'raw'; readonly json: string; readonly range: SourceRange }
    | { readonly kind: 'input'; readonly name: string; readonly range: SourceRange };
  /** Input of the loop's component that receives one item. */
  readonly itemInput: string;
  readonly itemInputRange: SourceRange;
  /** 0: no limit. */
  readonly parallelismLimit: number;
  readonly range: SourceRange;
}

/** One `{{$.…}}` of a container's command, args, env or resources, as written. */
export interface Placeholder {
  readonly text: string;
  readonly range: SourceRange;
}

/** Durations in seconds. */
export interface RetryPolicy {
  readonly maxRetryCount: number;
  readonly backoffSeconds: number;
  readonly backoffFactor: number;
  readonly backoffMaxSeconds: number;
}

export interface Resources {
  /** Kubernetes quantities, e.g. `500m`, `2Gi`; may be placeholders. */
  readonly cpuLimit: string | undefined;
  readonly cpuRequest: string | undefined;
  readonly memoryLimit: string | undefined;
  readonly memoryRequest: string | undefined;
  readonly accelerator: { readonly type: string; readonly count: string } | undefined;
}

export type Executor =
  | {
      readonly kind: 'container';
      readonly label: string;
      readonly image: string;
      readonly command: readonly string[];
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string; readonly value: string }[];
      readonly resources: Resources | undefined;
      /** Without those in a lightweight component's Python source, where `{{$` is only text. */
      readonly placeholders: readonly Placeholder[];
      /** Set for lightweight Python components. */
      readonly python: PythonFunction | undefined;
      readonly range: SourceRange;
    }
  | {
      readonly kind: 'importer';
      readonly label: string;
      readonly artifactUri:
        | { readonly kind: 'constant'; readonly value: string }
        | { readonly kind: 'input'; readonly name: string };
      readonly type: ArtifactType;
      readonly reimport: boolean;
      readonly metadata: JsonObject;
      readonly range: SourceRange;
    }
  /** `resolver`, `customJob` or none: named by validate.ts, refused by the engine. */
  | {
      readonly kind: 'unsupported';
      readonly label: string;
      readonly spec: string;
      readonly range: SourceRange;
    };

/** What a lightweight component carries in its command and args. */
export interface PythonFunction {
  readonly functionName: string;
  readonly source: string;
  /** pip requirements of `packages_to_install`, without kfp itself. */
  readonly packages: readonly string[];
  /** The index, then the extra ones. */
  readonly pipIndexUrls: readonly string[];
  readonly pipTrustedHosts: readonly string[];
  /** The kfp version the component was compiled with, e.g. `2.17.0`. */
  readonly kfpVersion: string | undefined;
  /** Range of the YAML scalar that holds the source. */
  readonly sourceRange: SourceRange;
}

export interface PipelineDocument {
  readonly name: string;
  readonly nameRange: SourceRange;
  readonly displayName: string | undefined;
  readonly description: string | undefined;
  /** `''` when the document names none. */
  readonly schemaVersion: string;
  readonly schemaVersionRange: SourceRange;
  readonly sdkVersion: string | undefined;
  readonly defaultPipelineRoot: string | undefined;
  readonly root: Component;
  /** By name; `root` is not in it. */
  readonly components: ReadonlyMap<string, Component>;
  readonly executors: ReadonlyMap<string, Executor>;
  /** `platforms.kubernetes.deploymentSpec.executors`, by executor label: KubernetesExecutorConfig as JSON. */
  readonly kubernetes: ReadonlyMap<string, JsonObject>;
  readonly range: SourceRange;
}

/** What a problem is about, for fixes that edit the pipeline (edit/fixes.ts). */
export type ProblemSubject =
  /** An input of the task. */
  | { readonly kind: 'input'; readonly name: string }
  /** An input that the task's group does not have, and the task's input that reads it. */
  | { readonly kind: 'groupInput'; readonly name: string; readonly input: string }
  /** The key of a task that the task waits for. */
  | { readonly kind: 'upstream'; readonly task: string }
  /** An input or output of the group that is declared or given in the wrong way; '' is the pipeline. */
  | { readonly kind: 'ownInput' | 'ownOutput'; readonly group: string; readonly name: string }
  | { readonly kind: 'component'; readonly name: string };

export interface Problem {
  /** Stable: tests, quick fixes and users' searches rely on it. Listed in problemCodes.ts. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** One sentence that names the place and the fix. */
  readonly message: string;
  readonly range: SourceRange;
  /** Scope path of the task the problem belongs to, when there is one (see graph.ts). */
  readonly taskPath: string | undefined;
  readonly about?: ProblemSubject;
  /** A fix that is certain, as text edits on the same source. */
  readonly fix?: {
    readonly title: string;
    readonly edits: readonly { readonly range: SourceRange; readonly text: string }[];
  };
}
