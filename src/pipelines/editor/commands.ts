/** Commands about graphs of files. */
import { Uri, window } from 'vscode';
import { SlipwayError } from '../../core/base/errors.ts';
import { canvasCommands, type CanvasCommandId } from '../../core/protocol/canvasKeys.ts';
import type { GraphNode } from '../../core/ir/graphModel.ts';
import type { CommandHandlers } from '../../platform/commands.ts';
import type { GraphWorker } from '../../clients/graphWorker.ts';
import { fileOf, readText } from '../readText.ts';
import type { OfferedComponent } from './componentFiles.ts';
import { irComponents } from './irComponents.ts';
import { newPipelineFile } from './newPipeline.ts';
import type { PipelineEditors } from './provider.ts';

export interface EditorCommandDeps {
  readonly worker: GraphWorker;
  readonly editors: PipelineEditors;
  readonly componentsInPython: (file: Uri) => Promise<readonly OfferedComponent[]>;
}

export function editorCommands({ worker, editors, componentsInPython }: EditorCommandDeps) {
  return {
    'slipway.pipeline.new': async (folder) => {
      const uri = await newPipelineFile(folder instanceof Uri ? folder : undefined);
      if (uri !== undefined) await editors.open(uri);
    },
    'slipway.pipeline.showOnCanvas': async (target, nodeId) => {
      const uri = fileOf(target);
      const node = nodeId ?? (await nodeAtCursor(uri, worker));
      if (node === undefined) await editors.open(uri);
      else await editors.reveal(uri, node);
    },
    'slipway.pipeline.addToGraph': async (target) => {
      const uri = fileOf(target);
      const { latest } = editors;
      if (latest === undefined) throw new SlipwayError('noGraph', 'Open the graph of a pipeline first.');
      const signal = AbortSignal.timeout(60_000);
      const found = uri.path.endsWith('.py')
        ? await componentsInPython(uri)
        : await irComponents(worker)({ uri: uri.toString(), text: await readText(uri) }, signal);
      const chosen = await chooseComponent(found);
      if (chosen === undefined) return;
      const outcome = await latest.editor.add(await chosen.definition(signal), signal);
      if (outcome.kind === 'refused') throw new SlipwayError('refused', outcome.reason);
      latest.reveal(outcome.selection[0]);
    },
    ...canvasHandlers(editors),
  } satisfies Partial<CommandHandlers>;
}

/** The page does what they say. */
function canvasHandlers(editors: PipelineEditors): Pick<CommandHandlers, CanvasCommandId> {
  return Object.fromEntries(
    canvasCommands.map((name) => [`slipway.canvas.${name}`, () => editors.command(name)]),
  ) as Pick<CommandHandlers, CanvasCommandId>;
}

async function chooseComponent(found: readonly OfferedComponent[]): Promise<OfferedComponent | undefined> {
  const [only] = found;
  if (only === undefined) throw new SlipwayError('noComponent', 'There is no component in this file.');
  if (found.length === 1) return only;
  const items = found.map((component) => ({
    label: component.name,
    description: component.description ?? '',
    component,
  }));
  return (await window.showQuickPick(items, { title: 'Add to the graph' }))?.component;
}

/** The innermost node whose text the cursor is in. */
async function nodeAtCursor(uri: Uri, worker: GraphWorker): Promise<string | undefined> {
  const editor = window.visibleTextEditors.find((one) => one.document.uri.toString() === uri.toString());
  if (editor === undefined) return undefined;
  const analysis = await worker.analyse({ text: editor.document.getText() }, AbortSignal.timeout(60_000));
  if (analysis.kind === 'notPipeline') throw new SlipwayError('notPipeline', analysis.problem.message);
  const at = editor.document.offsetAt(editor.selection.active);
  const nodes = analysis.drawing?.graph.nodes ?? [];
  return nodes
    .filter(({ range }) => range.start <= at && at <= range.end)
    .reduce<GraphNode | undefined>(
      (best, node) => (best === undefined || length(node) < length(best) ? node : best),
      undefined,
    )?.id;
}

function length({ range }: GraphNode): number {
  return range.end - range.start;
}
