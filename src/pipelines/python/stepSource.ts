/** Where a person writes the function of a step that ran. */
import { Uri, window, workspace } from 'vscode';
import type { PythonFunction } from '../../core/ir/model.ts';
import { pythonScheme } from '../../contributions.ts';
import { readText } from '../readText.ts';
import { outlineOf, type KfpFunction } from './outline.ts';
import type { PythonPipelines } from './pythonPipelines.ts';
import type { PythonParser } from './syntax.ts';

export interface WantedFunction {
  readonly python: PythonFunction;
  readonly scopePath: string;
  readonly pipelineName: string;
  /** The document whose graph shows the run. */
  readonly graph: string | undefined;
}

interface Candidate {
  readonly uri: Uri;
  /** The file names the pipeline, too. */
  readonly isOfPipeline: boolean;
  /** It has just what ran. */
  readonly isSame: boolean;
}

const EXCLUDED = '**/{node_modules,.venv,venv,site-packages}/**';
const MOST_FILES = 1_000;

/** The file; `'none'`: it is in no file of the workspace; `undefined`: the person left. */
export async function findStepFile(
  wanted: WantedFunction,
  pipelines: PythonPipelines,
  parser: PythonParser,
): Promise<Uri | 'none' | undefined> {
  const { functionName } = wanted.python;
  const compiled = ofGraph(wanted, pipelines);
  if (compiled !== undefined) return compiled;
  const found: Candidate[] = [];
  for (const uri of await workspace.findFiles('**/*.py', EXCLUDED, MOST_FILES)) {
    const text = await readText(uri).catch(() => '');
    // Parsing a thousand files takes seconds.
    if (!text.includes(`def ${functionName}`)) continue;
    const own = parser
      .with(text, outlineOf)
      .find(({ name, kind }) => name === functionName && kind === 'component');
    if (own !== undefined)
      found.push({
        uri,
        isOfPipeline: text.includes(wanted.pipelineName),
        isSame: isSame(own, wanted.python),
      });
  }
  return choose(functionName, found);
}

/** A graph that was compiled from Python knows it. */
function ofGraph({ graph, scopePath, python }: WantedFunction, pipelines: PythonPipelines): Uri | undefined {
  const uri = graph === undefined ? undefined : Uri.parse(graph);
  if (uri?.scheme !== pythonScheme) return undefined;
  const component = pipelines.find(uri)?.pipeline.nodes[scopePath]?.component;
  return component?.function === python.functionName ? Uri.file(component.file) : undefined;
}

async function choose(functionName: string, found: readonly Candidate[]): Promise<Uri | 'none' | undefined> {
  const sure = found.filter(({ isSame: same, isOfPipeline }) => same || isOfPipeline);
  const best = sure.filter(({ isOfPipeline }) => isOfPipeline);
  const [only, ...others] = best.length > 0 ? best : sure;
  if (only !== undefined && others.length === 0) return only.uri;
  if (found.length === 0) return 'none';
  interface Place {
    readonly label: string;
    readonly description?: string;
    readonly uri: Uri | 'none';
  }
  const places: Place[] = found.map(({ uri }) => ({
    label: `$(file-code) ${workspace.asRelativePath(uri)}`,
    uri,
  }));
  const ran = 'as the pipeline carries it';
  const choice = await window.showQuickPick<Place>(
    [...places, { label: '$(package) The code that ran', description: ran, uri: 'none' }],
    { title: `Which ${functionName} is to be debugged?` },
  );
  return choice?.uri;
}

/** KFP takes the decorators and the indentation away. */
function isSame({ source }: KfpFunction, python: PythonFunction): boolean {
  return python.source.includes(source.replaceAll('\r\n', '\n').trimEnd());
}
