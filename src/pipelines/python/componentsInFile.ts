/**
 * The components of a Python file as a palette offers them: found and described without running the file, compiled
 * when one is taken.
 */
import type { CompileResult } from '../../clients/pythonCompiler.ts';
import { SlipwayError } from '../../core/base/errors.ts';
import type { FoundComponent } from '../../core/ir/edit/definitions.ts';
import type { PortView } from '../../core/protocol/graphEdit.ts';
import { readSignature, type PythonSignature } from '../../core/ir/pythonSignature.ts';
import type { OfferedComponent } from '../editor/componentFiles.ts';
import { outlineOf, type KfpFunction } from './outline.ts';
import type { PythonParser, Tree } from './syntax.ts';

export interface PythonFile {
  /** Absolute path. */
  readonly path: string;
  readonly text: string;
}

export interface ComponentCompiler {
  /** Rejects without trust: importing runs the file. */
  compile(file: PythonFile, signal: AbortSignal): Promise<CompileResult>;
  /** The components of an IR text. */
  definitions(text: string, signal: AbortSignal): Promise<readonly FoundComponent[]>;
}

export function componentsInFile(
  parser: PythonParser,
  compiler: ComponentCompiler,
  file: PythonFile,
): readonly OfferedComponent[] {
  return parser.with(file.text, (tree) => {
    const broken = syntaxProblem(tree);
    // What is known of the file is known of all its components, once one was tried.
    const state: { problem: string | undefined } = { problem: broken };
    return outlineOf(tree)
      .filter(({ kind }) => kind !== 'pipeline')
      .map((found) => offer(found, { file, compiler, state }));
  });
}

interface Context {
  readonly file: PythonFile;
  readonly compiler: ComponentCompiler;
  readonly state: { problem: string | undefined };
}

function offer(
  { kind, name, source, summary }: KfpFunction,
  { file, compiler, state }: Context,
): OfferedComponent {
  // What a container component's function returns is what runs, and no output.
  const interfaceOnly =
    kind === 'containerComponent' ? source.replace(/\)\s*->[^:]*ContainerSpec['"]?\s*:/, '):') : source;
  const ports = portsOf(readSignature(interfaceOnly, name));
  return {
    key: name,
    name,
    description: summary,
    ...ports,
    get problem() {
      return state.problem;
    },
    definition: async (signal) => {
      const { components, problems } = await compiler.compile(file, signal);
      const compiled = components.find((one) => one.function === name);
      const [found] = compiled === undefined ? [] : await compiler.definitions(compiled.text, signal);
      if (found !== undefined) {
        state.problem = undefined;
        return { ...found.definition, python: { file: file.path, function: name } };
      }
      const [problem] = problems;
      state.problem =
        problem === undefined
          ? `${name} is no component when the file is imported.`
          : `Line ${problem.line}: ${problem.message}`;
      throw new SlipwayError('notCompiled', state.problem);
    },
  };
}

function syntaxProblem({ rootNode }: Tree): string | undefined {
  if (!rootNode.hasError) return undefined;
  // The innermost node that is wrong: one that could not be read, or one that is missing.
  let wrong = rootNode;
  for (;;) {
    const inner = wrong.children.find((child) => child.hasError || child.isMissing);
    if (inner === undefined) break;
    wrong = inner;
  }
  return `The file has a syntax error near line ${wrong.startPosition.row + 1}.`;
}

/** None for a signature that only the SDK can tell; the component can be added all the same. */
function portsOf(signature: PythonSignature): {
  readonly inputs: readonly PortView[];
  readonly outputs: readonly PortView[];
} {
  if (signature.kind === 'refused') return { inputs: [], outputs: [] };
  const view = ({ name, kind, type, isOptional = false }: (typeof signature.inputs)[number]): PortView => ({
    name,
    kind,
    type,
    isOptional,
  });
  return { inputs: signature.inputs.map(view), outputs: signature.outputs.map(view) };
}
