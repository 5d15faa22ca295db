import { Hover, MarkdownString, Range, type HoverProvider, type Position, type TextDocument } from 'vscode';

/** In our words; the reference has the rest. */
const words: Readonly<Record<string, string>> = {
  component:
    'A function that becomes a step: its source goes into the pipeline and runs in `base_image`, so imports belong inside it.',
  container_component:
    'A step that runs a command in an image; the function returns its `dsl.ContainerSpec`.',
  pipeline:
    'A function that calls components. It runs once, when it is compiled: what it gets are stand-ins for values of a run.',
  ParallelFor:
    'The steps inside run once for each item, side by side; `parallelism` limits how many at a time.',
  Collected: 'All iterations’ values of a loop as one list, for a step outside of it.',
  If: 'The steps inside run only if the comparison holds when the run gets there. It compares two values.',
  Elif: 'Runs if the conditions before it did not hold, and this one does.',
  Else: 'Runs if no condition before it held.',
  OneOf: 'The output of whichever branch ran, as one value.',
  ExitHandler:
    'When the steps inside have ended, however they ended, the exit task runs. It may take a `PipelineTaskFinalStatus`.',
  importer: 'Makes an artifact of something that is stored already; nothing is copied.',
  PipelineTaskFinalStatus:
    'How the steps of an exit handler ended: `state`, `error_message`, and the names of run and step.',
  ContainerSpec:
    'Image, command and arguments of a container component; inputs and outputs in them are filled in by the run.',
  set_retry: 'How often a failed step is tried again, and how long to wait before.',
  set_caching_options:
    'With caching, a step that ran with the same inputs before is not run again; its outputs are reused.',
  after: 'Waits for another step, though it takes nothing from it.',
  ignore_upstream_failure: 'Runs also when a step before it failed; its inputs from there need defaults.',
  set_accelerator_type: 'The extended resource to ask for, e.g. `nvidia.com/gpu`.',
  add_toleration: 'Lets the step run on nodes with a taint, e.g. on spot nodes.',
};
const link = 'https://kubeflow-pipelines.readthedocs.io/en/latest/source/dsl.html';
const methods = new Set([
  'set_retry',
  'set_caching_options',
  'after',
  'ignore_upstream_failure',
  'set_accelerator_type',
]);

/** What names of `kfp.dsl` mean, in files that import kfp. */
export class KfpHovers implements HoverProvider {
  provideHover(document: TextDocument, position: Position): Hover | undefined {
    const range = document.getWordRangeAtPosition(position, /\w+/);
    if (range === undefined) return undefined;
    const name = document.getText(range);
    const text = Object.hasOwn(words, name) ? words[name] : undefined;
    const line = document.lineAt(position.line).text;
    const before = line.slice(0, range.start.character);
    const isQualified = methods.has(name)
      ? /\.\s*$/.test(before)
      : /\b(?:dsl|kubernetes)\.\s*$/.test(before) || /^[A-Z]/.test(name);
    if (text === undefined || !isQualified) return undefined;
    const head = document.getText(new Range(0, 0, 200, 0));
    if (!/^\s*(?:from|import)\s+kfp\b/m.test(head)) return undefined;
    return new Hover(new MarkdownString(`${text}\n\n[kfp.dsl](${link})`), range);
  }
}
