import type { EditStore } from './editStore.ts';
import { drawingSvg, svgToPng } from './exportDrawing.ts';
import type { MenuItem } from './popup.ts';

/** Each asks the host where to save the drawing as it is now. */
export function exportItems(edit: EditStore): readonly MenuItem[] {
  return (['svg', 'png'] as const).map((format) => ({
    label: `As ${format.toUpperCase()}…`,
    run: () => void exportDrawing(edit, format),
  }));
}

async function exportDrawing(edit: EditStore, format: 'svg' | 'png'): Promise<void> {
  const { drawing } = edit.graph.getSnapshot();
  if (drawing === undefined) return;
  try {
    const style = getComputedStyle(document.documentElement);
    const svg = drawingSvg(drawing, (name, fallback) => style.getPropertyValue(name).trim() || fallback);
    // The user chooses the place in a dialog, and may take their time.
    const data = format === 'svg' ? svg.text : await svgToPng(svg);
    await edit.graph.request('exportDrawing', { format, data }, { timeoutMs: 30 * 60_000 });
  } catch (error) {
    edit.graph.fail(error);
  }
}
