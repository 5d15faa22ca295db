/** What the tests of the pipeline editor do with it, as a hand does, and what they read of the text behind it. */
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { openEditor, type EditorScene, type EditorView } from './editorView.ts';
import { palette, pipeline, step } from './editorScenes.ts';
import type { ThemeName } from './page.ts';
import { useScreen, type Screen } from './screen.ts';

/** A loader, a trainer and a report, with no wires. */
export const three = pipeline({
  tasks: { load: step('load'), train: step('train'), report: step('report') },
});

const task = z.object({
  componentRef: z.object({ name: z.string() }),
  dependentTasks: z.array(z.string()).optional(),
  inputs: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  triggerPolicy: z.unknown().optional(),
  parameterIterator: z.unknown().optional(),
  retryPolicy: z.unknown().optional(),
  cachingOptions: z.object({ enableCache: z.boolean().optional() }).optional(),
});
const file = z.object({
  components: z.record(z.string(), z.unknown()).optional(),
  root: z.object({
    dag: z.object({ tasks: z.record(z.string(), task), outputs: z.unknown().optional() }),
    inputDefinitions: z.unknown().optional(),
  }),
});
type Tasks = z.infer<typeof file>['root']['dag']['tasks'];
interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Editing extends Pick<Screen, 'at' | 'screenshot'> {
  readonly open: (text: string, scene?: Partial<EditorScene>, theme?: ThemeName) => Promise<void>;
  readonly view: () => EditorView;
  /** The tasks of the pipeline, read from its text by a parser that is not ours. */
  readonly tasks: () => Tasks;
  readonly components: () => Readonly<Record<string, unknown>>;
  readonly inputOf: (key: string, kind: 'parameters' | 'artifacts', name: string) => unknown;
  /** A dot of a step's card, e.g. `input-data`. */
  readonly port: (node: string, testId: string) => Locator;
  readonly drag: (from: Locator, to: Locator | Point, isLetGo?: boolean) => Promise<void>;
  readonly press: (keys: string) => Promise<void>;
  /** Waits until an edit has come back from the host. */
  readonly edited: (change: () => boolean) => Promise<void>;
}

export async function middle(locator: Locator): Promise<Point> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('Not on screen.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** For the top of a test file. */
export function useEditor(): Editing {
  const { at, show, screenshot } = useScreen();
  let shown: EditorView | undefined;
  const view = (): EditorView => {
    if (shown === undefined) throw new Error('No editor is open.');
    return shown;
  };
  const tasks = (): Tasks => file.parse(parse(view().text())).root.dag.tasks;
  return {
    at,
    screenshot,
    view,
    tasks,
    components: () => file.parse(parse(view().text())).components ?? {},
    async open(text, scene = {}, theme = 'dark') {
      shown = await show((browser, server) =>
        openEditor(browser, server, theme, { text, palette, ...scene }),
      );
    },
    inputOf: (key, kind, name) => tasks()[key]?.inputs?.[kind]?.[name],
    port: (node, testId) => at(`node-${node}`).getByTestId(testId),
    /** Presses on one, moves in steps as a hand does, and waits for the wire before letting go. */
    async drag(from, to, isLetGo = true) {
      const { mouse } = view().page;
      const start = await middle(from);
      const end = 'x' in to ? to : await middle(to);
      await mouse.move(start.x, start.y);
      await mouse.down();
      await mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 4 });
      await mouse.move(end.x, end.y, { steps: 4 });
      if (isLetGo) await mouse.up();
    },
    press: (keys) => view().page.keyboard.press(keys),
    edited: (change) => expect.poll(change).toBe(true),
  };
}
