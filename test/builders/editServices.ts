import { copyTasks } from '../../src/core/ir/edit/clipboard.ts';
import { blankComponent } from '../../src/core/ir/edit/blankComponent.ts';
import { definitionsIn } from '../../src/core/ir/edit/definitions.ts';
import { planGesture } from '../../src/core/ir/edit/plan.ts';
import { SpecText } from '../../src/core/ir/edit/specText.ts';
import { targetsOf } from '../../src/core/ir/edit/targets.ts';
import { Palettes, type PaletteSource } from '../../src/pipelines/editor/palette.ts';
import type { EditServices } from '../../src/pipelines/editor/services.ts';

export interface FakeEditServices extends EditServices {
  /** What was copied last. */
  clipboardText: string;
  /** What was asked of the world, e.g. `showText`. */
  readonly asked: unknown[][];
}

/** The real engine without its thread, and a world that only writes down what it is asked. */
export function fakeEditServices(sources: readonly PaletteSource[] = []): FakeEditServices {
  const asked: unknown[][] = [];
  const note = (...call: unknown[]): Promise<void> => {
    asked.push(call);
    return Promise.resolve();
  };
  const specOf = (text: string) => {
    const opened = new SpecText().read(text);
    return opened.kind === 'opened' ? opened.spec : undefined;
  };
  const services: FakeEditServices = {
    asked,
    clipboardText: '',
    planner: {
      plan: ({ text, gesture }) => Promise.resolve(planGesture(text, gesture)),
      copy: ({ text, nodeIds }) => {
        const spec = specOf(text);
        return Promise.resolve(spec && copyTasks(spec, nodeIds));
      },
      definitions: ({ text }) => Promise.resolve(definitionsIn(text)),
      targets: ({ text, from }) => {
        const spec = specOf(text);
        return Promise.resolve({ inputs: spec === undefined ? [] : targetsOf(spec, from) });
      },
    },
    palette: new Palettes(sources),
    code: { open: (...call) => note('openCode', ...call), blank: blankComponent },
    clipboard: {
      readText: () => Promise.resolve(services.clipboardText),
      writeText: (text) => {
        services.clipboardText = text;
        return Promise.resolve();
      },
    },
    setCanvasFocus: (isFocused) => void asked.push(['setCanvasFocus', isFocused]),
    showText: (...call) => note('showText', ...call),
    saveDrawing: (...call) => note('saveDrawing', ...call),
  };
  return services;
}
