import type { JsonObject } from '../../base/json.ts';
import type { Gesture } from './gesture.ts';

/**
 * A pipeline as the JSON that its text means. An edit maps one to another and leaves what it does not touch the same
 * object: by that splice.ts finds what to write, whatever the gesture was.
 */
export interface Spec {
  /** The PipelineSpec: `pipelineInfo`, `components`, `deploymentSpec`, `root`, … */
  readonly pipeline: JsonObject;
  /** The value of `platforms`; undefined when the file has no platform document. */
  readonly platforms: JsonObject | undefined;
}

/** A key that goes on under another name, so that its text with its comments is kept. `path` leads to the mapping. */
export interface Rename {
  readonly path: readonly string[];
  readonly from: string;
  readonly to: string;
}

export interface Edited {
  readonly kind: 'edited';
  readonly spec: Spec;
  readonly renames: readonly Rename[];
  /** Node ids to select afterwards. */
  readonly selection: readonly string[];
  /** For the undo stack and screen readers: `Rename train to fit`. */
  readonly title: string;
}

/** One sentence: what is in the way, and what to do instead. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
}

/** What one kind of gesture does. Pure; never throws for any gesture on any spec that validates. */
export type EditOf<K extends Gesture['kind']> = (
  spec: Spec,
  gesture: Extract<Gesture, { kind: K }>,
) => Edited | Refused;
