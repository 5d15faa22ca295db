/**
 * What the canvas asks when its document can be edited; joined into the graph's contract (runGraph.ts). Every edit
 * names the revision it was made on: one made on an older drawing is refused, never guessed.
 */
import { z } from 'zod';
import { gesture, source, type ComponentDefinition } from '../ir/edit/gesture.ts';
import type { JsonObject, JsonValue } from '../base/json.ts';

/** What edits of this document do. */
export type Editing =
  /** A run, or a file that cannot be edited: one sentence why, or nothing to say. */
  | { readonly kind: 'readOnly'; readonly reason: string | undefined }
  /** Splices of the IR text. */
  | { readonly kind: 'text' }
  /** Edits of the Python file that the graph was compiled from; `reason` of what it refuses comes with the refusal. */
  | { readonly kind: 'python'; readonly file: string };

export type EditOutcome =
  | { readonly kind: 'done'; readonly selection: readonly string[]; readonly title: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** One row of the issues list; the same problem stands in the Problems panel at its text. */
export interface ProblemRow {
  readonly id: string;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly nodeId: string | undefined;
  readonly fixes: readonly { readonly id: string; readonly title: string }[];
}

export interface PaletteEntry {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly group: 'file' | 'workspace' | 'python' | 'starter';
  /** Where it is from, e.g. a workspace path. */
  readonly origin: string;
  /** One sentence why it cannot be added now, e.g. of its file. */
  readonly problem?: string | undefined;
  readonly inputs: readonly PortView[];
  readonly outputs: readonly PortView[];
}

export interface PortView {
  readonly name: string;
  readonly kind: 'parameter' | 'artifact';
  readonly type: string;
  readonly isOptional: boolean;
}

/** What feeds an input, in the words of gesture.ts and for people. */
export type SourceView =
  | { readonly kind: 'none' }
  | { readonly kind: 'constant'; readonly value: JsonValue }
  /** `label`: `prepare.rows`, `learning_rate`, `item of sweep`. */
  | { readonly kind: 'wired'; readonly label: string; readonly node: string | undefined };

export interface InputView extends PortView {
  readonly source: SourceView;
  readonly defaultValue: JsonValue | undefined;
  readonly description: string | undefined;
}

/** What the inspector shows of one selected node; forms are filled from it and answer with gestures. */
export interface NodeView {
  readonly nodeId: string;
  readonly kind: string;
  readonly name: string;
  readonly component: string | undefined;
  /** How many tasks of the file use the component, and the executor: edits of those reach all of them. */
  readonly componentUses: number;
  readonly inputs: readonly InputView[];
  readonly outputs: readonly PortView[];
  readonly runAfter: readonly string[];
  readonly settings:
    | {
        readonly caching: boolean;
        readonly retry:
          | {
              readonly maxRetryCount: number;
              readonly backoffSeconds: number;
              readonly backoffFactor: number;
              readonly backoffMaxSeconds: number;
            }
          | undefined;
        readonly image: string;
        readonly command: readonly string[];
        readonly args: readonly string[];
        readonly env: readonly { readonly name: string; readonly value: string }[];
        readonly cpuRequest: string | undefined;
        readonly cpuLimit: string | undefined;
        readonly memoryRequest: string | undefined;
        readonly memoryLimit: string | undefined;
        readonly accelerator: { readonly type: string; readonly count: string } | undefined;
        readonly kubernetes: JsonObject;
        readonly isPython: boolean;
      }
    | undefined;
  /** A condition as written, and as people read it. */
  readonly condition: { readonly cel: string; readonly text: string } | undefined;
  readonly loop: { readonly items: SourceView; readonly parallelism: number } | undefined;
}

/** The pipeline's own inspector, and a sub-pipeline's. */
export interface GroupView {
  readonly group: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly inputs: readonly InputView[];
  readonly outputs: readonly (PortView & { readonly from: string })[];
}

const nodeId = z.string().min(1).max(2_000);
const none = z.object({});

export const graphEditParsers = {
  edit: z.object({ revision: z.int(), gesture }),
  /** Asked while a wire is dragged: which inputs take it, and why the others refuse. */
  targets: z.object({ source }),
  inspect: z.object({ nodeIds: z.array(nodeId).min(1).max(500) }),
  inspectGroup: z.object({ group: z.string().max(2_000) }),
  problems: none,
  applyFix: z.object({ revision: z.int(), problemId: z.string(), fixId: z.string() }),
  showProblemText: z.object({ problemId: z.string() }),
  /** `fits`: only what has an input (or output) for this. */
  palette: z.object({
    query: z.string().max(200),
    fits: z
      .object({
        side: z.enum(['input', 'output']),
        kind: z.enum(['parameter', 'artifact']),
        type: z.string(),
      })
      .optional(),
  }),
  paletteItem: z.object({ id: z.string() }),
  copy: z.object({ nodeIds: z.array(nodeId).min(1) }),
  /** From the system's clipboard into the group. */
  paste: z.object({ revision: z.int(), group: z.string() }),
  editCode: z.object({ nodeId }),
  newPythonComponent: z.object({ revision: z.int(), group: z.string(), name: z.string().min(1).max(200) }),
  /** Keys of the canvas are keys of VS Code while the canvas has the focus. */
  canvasFocus: z.object({ isFocused: z.boolean() }),
  undo: none,
  redo: none,
  /** A drawing as a file, asked for by a save dialog. */
  exportDrawing: z.object({ format: z.enum(['svg', 'png']), data: z.string().max(64 * 1024 * 1024) }),
};

export interface GraphEditResults {
  readonly edit: EditOutcome;
  readonly targets: {
    readonly inputs: readonly {
      readonly task: string;
      readonly input: string;
      readonly refused: string | undefined;
    }[];
  };
  readonly inspect: readonly NodeView[];
  readonly inspectGroup: GroupView;
  readonly problems: { readonly revision: number; readonly rows: readonly ProblemRow[] };
  readonly applyFix: EditOutcome;
  readonly showProblemText: null;
  readonly palette: readonly PaletteEntry[];
  readonly paletteItem: ComponentDefinition;
  readonly copy: null;
  readonly paste: EditOutcome;
  readonly editCode: null;
  readonly newPythonComponent: EditOutcome;
  readonly canvasFocus: null;
  readonly undo: null;
  readonly redo: null;
  readonly exportDrawing: null;
}
