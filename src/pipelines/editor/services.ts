/** What editing needs of the world around the document; tests bring their own. */
import type { Event } from '../../core/base/event.ts';
import type { GraphWorker } from '../../clients/graphWorker.ts';
import type { ComponentDefinition } from '../../core/ir/edit/gesture.ts';
import type { PipelineDocument, SourceRange } from '../../core/ir/model.ts';
import type { GraphEditContract } from '../../core/protocol/canvas.ts';
import type { PaletteEntry } from '../../core/protocol/graphEdit.ts';

/** The graph worker as editing uses it. */
export type Planner = Pick<GraphWorker, 'plan' | 'copy' | 'targets' | 'definitions'>;

export type PaletteQuery = GraphEditContract['requests']['palette']['params'];

/** Components that a pipeline can take from elsewhere. */
export interface Palette {
  /** Moves when `entries` would answer something new. */
  readonly revision: number;
  readonly onDidChange: Event<void>;
  /** With those of the document itself, whose id is the component's name in it. */
  entries(
    query: PaletteQuery,
    shown: { readonly uri: string; readonly document: PipelineDocument | undefined },
    signal: AbortSignal,
  ): Promise<readonly PaletteEntry[]>;
  /** Of an entry that is not the document's own. */
  definition(id: string, signal: AbortSignal): Promise<ComponentDefinition>;
}

/** Lightweight components' functions, edited as Python. */
export interface ComponentCode {
  open(uri: string, component: string): Promise<void>;
  /** A component around a blank function. */
  blank(name: string): ComponentDefinition;
}

export interface EditServices {
  readonly planner: Planner;
  readonly palette: Palette;
  readonly code: ComponentCode;
  readonly clipboard: { readText(): Thenable<string>; writeText(text: string): Thenable<void> };
  /** Whether keys of VS Code are the canvas's. */
  setCanvasFocus(isFocused: boolean): void;
  showText(uri: string, range: SourceRange | undefined): Promise<void>;
  /** Asks where to; nothing happens when the user says nowhere. `name` is without ending. */
  saveDrawing(name: string, format: 'svg' | 'png', data: string): Promise<void>;
}
