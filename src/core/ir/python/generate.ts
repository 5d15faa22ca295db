/** KFP IR as Python of the KFP SDK, such that compiling it gives a pipeline of the same meaning. */
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { Executor, PipelineDocument } from '../model.ts';
import { ComponentDefinitions } from './generateComponents.ts';
import { describeInputs, isSummary } from './descriptions.ts';
import { PipelineWriter } from './generateFlow.ts';
import { allSteps, bodies, UnsayableError, type Pipeline, type Step } from './program.ts';
import { pipelineConfigCall, pipelineConfigOf } from './pipelineConfig.ts';
import { Names, pyCall, pyString, literal, toIdentifier, type Written } from './pythonText.ts';
import { resolveProgram } from './resolve.ts';
import { inOrder } from './statementOrder.ts';
import { Types } from './types.ts';

export type Generated =
  | {
      readonly kind: 'python';
      readonly text: string;
      /** The function that is the pipeline. */
      readonly functionName: string;
    }
  /** One sentence: what Python has no words for, and what to do instead. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * `platformSpec`: `{platforms: …}` as it is written; what it says of the pipeline as a whole is no part of the model.
 * `output`: the file that the Python, run by itself, compiles to.
 */
export function generatePython(
  document: PipelineDocument,
  platformSpec?: JsonObject,
  output = `${toIdentifier(document.name)}.yaml`,
): Generated {
  const platforms = platformSpec?.['platforms'];
  const other = isJsonObject(platforms)
    ? Object.keys(platforms).find((one) => one !== 'kubernetes')
    : undefined;
  if (other !== undefined)
    return { kind: 'refused', reason: `The SDK has no words for the platform ${other}: leave its part out.` };
  try {
    return new Generator(document, pipelineConfigCall(pipelineConfigOf(platformSpec)), output).generate();
  } catch (error) {
    if (error instanceof UnsayableError) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

class Generator {
  readonly #document: PipelineDocument;
  readonly #config: Written | undefined;
  readonly #output: string;
  readonly #names = new Names(['dsl', 'kfp', 'kubernetes', 'compiler']);
  readonly #types = new Types(this.#names);
  #usesKubernetes = false;

  constructor(document: PipelineDocument, config: Written | undefined, output: string) {
    this.#document = document;
    this.#config = config;
    this.#output = output;
  }

  generate(): Generated {
    const { name, description, displayName, defaultPipelineRoot } = this.#document;
    const root = resolveProgram(this.#document);
    const pipelines = inDefinitionOrder(root);
    const components = new ComponentDefinitions(pipelines.flatMap(containersOf), this.#types, this.#names);
    const functions = new Map<Pipeline, { readonly name: string; readonly taskName: string }>();
    const texts = pipelines.map((pipeline) => {
      const isRoot = pipeline === root;
      const taskName = isRoot ? name : pipeline.key.replace(/^comp-/, '').replace(/-\d+$/, '');
      const wish = toIdentifier(taskName);
      const functionName = this.#names.pick(wish, `${wish}_pipeline`);
      functions.set(pipeline, { name: functionName, taskName });
      const text = (
        value: string | undefined,
        key: string,
      ): { name: string; value: ReturnType<typeof literal> }[] =>
        value === undefined || value === '' ? [] : [{ name: key, value: literal(pyString(value)) }];
      // Beside descriptions of inputs the pipeline's own is readable in the docstring.
      const isInDocstring = isRoot && isSummary(description) && describeInputs(pipeline.component, '') !== '';
      const decorator = pyCall('dsl.pipeline', [
        ...text(taskName, 'name'),
        ...(isRoot ? text(displayName, 'display_name') : []),
        ...(isRoot && !isInDocstring ? text(description, 'description') : []),
        ...(isRoot ? text(defaultPipelineRoot, 'pipeline_root') : []),
        ...(isRoot && this.#config !== undefined ? [{ name: 'pipeline_config', value: this.#config }] : []),
      ])('', 98);
      const writer = new PipelineWriter(pipeline, functionName, {
        types: this.#types,
        components,
        names: this.#names,
        pipeline: (inner) => functions.get(inner) ?? { name: '', taskName: '' },
        summary: isInDocstring ? description : undefined,
        useKubernetes: () => (this.#usesKubernetes = true),
      });
      const body = writer.write();
      return [...writer.classes, `@${decorator}\n${body}`].join('\n\n');
    });
    const functionName = functions.get(root)?.name ?? '';
    const main =
      `if __name__ == "__main__":\n` +
      `    compiler.Compiler().compile(${functionName}, ${pyString(this.#output)})\n`;
    const definitions = [...this.#types.classes(), ...components.texts, ...texts, main];
    return { kind: 'python', functionName, text: [this.#imports(), ...definitions].join('\n\n') };
  }

  #imports(): string {
    const from = (module: string, names: Iterable<string>): string => {
      const sorted = [...names].sort();
      return sorted.length === 0 ? '' : `from ${module} import ${sorted.join(', ')}\n`;
    };
    const typing = from('typing', this.#types.typing);
    return (
      (typing === '' ? '' : `${typing}\n`) +
      from('kfp', ['compiler', 'dsl', ...(this.#usesKubernetes ? ['kubernetes'] : [])]) +
      from('kfp.dsl', this.#types.dsl)
    );
  }
}

/** Sub-pipelines before what calls them. */
function inDefinitionOrder(root: Pipeline): readonly Pipeline[] {
  const found = new Set<Pipeline>();
  const visit = (pipeline: Pipeline): void => {
    for (const step of allSteps(pipeline.steps))
      if (step.kind === 'call' && step.runs.kind === 'pipeline' && !found.has(step.runs.pipeline))
        visit(step.runs.pipeline);
    found.add(pipeline);
  };
  visit(root);
  return [...found];
}

function containersOf(
  pipeline: Pipeline,
): { component: Pipeline['component']; executor: Extract<Executor, { kind: 'container' }> }[] {
  const ordered = (steps: readonly Step[]): readonly Step[] =>
    [...inOrder(steps, () => false)].flatMap((step) => [step, ...bodies(step).flatMap(ordered)]);
  return ordered(pipeline.steps).flatMap((step) =>
    step.kind === 'call' && step.runs.kind === 'executor' && step.runs.executor.kind === 'container'
      ? [{ component: step.component, executor: step.runs.executor }]
      : [],
  );
}
