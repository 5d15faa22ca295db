import { isMap, type ParsedNode } from 'yaml';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.ts';
import { EditableText, type YamlDocument } from '../editableText.ts';
import type { Problem } from '../model.ts';
import { withLimits, type PipelineParts } from '../parse.ts';
import { YamlReader } from '../yamlReader.ts';
import { withoutValue, withValue } from './jsonPath.ts';
import type { YamlStyle } from './render.ts';
import type { Rename, Spec } from './spec.ts';
import { Splicer } from './splice.ts';
import type { TextEdit } from './textEdits.ts';
import { CannotSplice, lineStart } from './yamlPlaces.ts';

/** A pipeline's text as the JSON that gestures change. Keeps what it parsed, so that the next version is read quickly. */
export class SpecText {
  /** Also for the typed model of the same text: `parsePipeline(text, yaml)`. */
  readonly yaml = new EditableText();
  readonly #json = new WeakMap<ParsedNode, JsonValue>();

  /** The Spec of a text, and how another one is written into that text; valid until the next `read`. */
  read(text: string): OpenedSpec | { readonly kind: 'notPipeline'; readonly problem: Problem } {
    return withLimits(text, (parts) => this.#open(text, parts), this.yaml);
  }

  #open(text: string, parts: PipelineParts): OpenedSpec {
    const documents = new Map<YamlDocument, JsonObject>();
    for (const { document } of [parts.spec, ...(parts.platforms === undefined ? [] : [parts.platforms])]) {
      const reader = new YamlReader(document.contents, text, this.#json);
      const json = reader.json(reader.root());
      documents.set(document, isJsonObject(json) ? json : {});
    }
    return new OpenedSpec(text, parts, documents);
  }
}

/** A Spec with the text that it was read from. */
export class OpenedSpec {
  readonly kind = 'opened';
  readonly spec: Spec;
  readonly #text: string;
  readonly #parts: PipelineParts;
  readonly #documents: ReadonlyMap<YamlDocument, JsonObject>;

  constructor(text: string, parts: PipelineParts, documents: ReadonlyMap<YamlDocument, JsonObject>) {
    this.#text = text;
    this.#parts = parts;
    this.#documents = documents;
    const { spec, platforms } = parts;
    const whole = unwrap(documents.get(spec.document), spec.wrapper);
    const holdsPlatforms = platforms?.document === spec.document && platforms.wrapper === spec.wrapper;
    const platformsJson =
      platforms === undefined
        ? undefined
        : unwrap(documents.get(platforms.document), platforms.wrapper)['platforms'];
    this.spec = {
      pipeline: holdsPlatforms ? withoutValue(whole, ['platforms'], 1) : whole,
      platforms: isJsonObject(platformsJson) ? platformsJson : undefined,
    };
  }

  /** The splices that make the text mean `next`. Throws CannotSplice. */
  splices(next: Spec, renames: readonly Rename[]): readonly TextEdit[] {
    const { spec, platforms } = this.#parts;
    const splicer = new Splicer(this.#text, this.#style(), renames);
    const after = new Map<YamlDocument, JsonObject>();
    const root = this.#documents.get(spec.document) ?? {};
    after.set(
      spec.document,
      spec.wrapper === undefined ? next.pipeline : withValue(root, [spec.wrapper], next.pipeline),
    );
    if (platforms === undefined) {
      if (next.platforms !== undefined) this.#addPlatforms(splicer, after, next.platforms);
    } else if (
      next.platforms === undefined &&
      platforms.document !== spec.document &&
      platforms.wrapper === undefined
    ) {
      this.#removeDocument(splicer, platforms.document);
    } else {
      const json = after.get(platforms.document) ?? this.#documents.get(platforms.document) ?? {};
      const path = platforms.wrapper === undefined ? ['platforms'] : [platforms.wrapper, 'platforms'];
      after.set(
        platforms.document,
        next.platforms === undefined ? withoutValue(json, path) : withValue(json, path, next.platforms),
      );
    }
    for (const [document, json] of after) {
      const wrapper = document === spec.document ? spec.wrapper : platforms?.wrapper;
      splicer.document(document.contents, this.#documents.get(document) ?? {}, json, wrapper);
    }
    return splicer.edits();
  }

  #addPlatforms(splicer: Splicer, after: Map<YamlDocument, JsonObject>, platforms: JsonObject): void {
    const { spec } = this.#parts;
    const json = after.get(spec.document) ?? {};
    if (spec.wrapper !== undefined) {
      const key = spec.wrapper === 'pipelineSpec' ? 'platformSpec' : 'platform_spec';
      after.set(spec.document, withValue(json, [key, 'platforms'], platforms));
      return;
    }
    const { contents } = spec.document;
    if (isMap(contents) && contents.flow === true) {
      throw new CannotSplice('is one JSON object, which has no place for Kubernetes settings', 0);
    }
    splicer.append('---', { platforms });
  }

  #removeDocument(splicer: Splicer, document: YamlDocument): void {
    const [start, end] = document.contents?.range ?? [0, 0];
    const before = this.#text.slice(0, start);
    const marker = [...before.matchAll(/^---[ \t]*\r?\n/gm)].at(-1);
    const after = /^---[ \t]*\r?\n/m.exec(this.#text.slice(end));
    if (this.#parts.spec.document.contents !== null && start > this.#parts.spec.document.contents.range[0]) {
      if (marker === undefined) throw new CannotSplice('has its documents in a form of its own', start);
      splicer.remove(marker.index, after === null ? this.#text.length : end + after.index);
    } else {
      if (after === null) throw new CannotSplice('has its documents in a form of its own', start);
      splicer.remove(
        marker === undefined ? lineStart(this.#text, start) : marker.index + marker[0].length,
        end + after.index + after[0].length,
      );
    }
  }

  #style(): YamlStyle {
    const text = this.#text;
    const [, keyColumn = '', innerColumn = '  '] =
      /^( *)[\w'"][^\n]*:[ \t]*\r?\n( +)[^\s#-]/m.exec(text) ?? [];
    const [, listKey = '', dashes = ''] = /^( *)[\w'"][^\n]*:[ \t]*\r?\n( *)- /m.exec(text) ?? [];
    const keys = Object.keys(this.spec.pipeline);
    return {
      eol: /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n',
      step: Math.max(1, innerColumn.length - keyColumn.length),
      dash: Math.max(0, dashes.length - listKey.length),
      sorted: keys.every((key, i) => i === 0 || (keys[i - 1] ?? '') <= key),
    };
  }
}

function unwrap(json: JsonObject | undefined, wrapper: string | undefined): JsonObject {
  const value = wrapper === undefined ? json : json?.[wrapper];
  return isJsonObject(value) ? value : {};
}
