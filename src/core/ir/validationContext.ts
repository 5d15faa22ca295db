import { renameFix } from './fixes.ts';
import type {
  Component,
  InputArtifact,
  InputParameter,
  OutputArtifact,
  OutputParameter,
  PipelineDocument,
  Problem,
  SourceRange,
} from './model.ts';
import { problem, type ProblemCode } from './problemCodes.ts';

/** A component's inputs and outputs by name. */
export interface ComponentInterface {
  readonly component: Component;
  readonly inputParameters: ReadonlyMap<string, InputParameter>;
  readonly inputArtifacts: ReadonlyMap<string, InputArtifact>;
  readonly outputParameters: ReadonlyMap<string, OutputParameter>;
  readonly outputArtifacts: ReadonlyMap<string, OutputArtifact>;
}

/** A text that is wrong everywhere must not cost minutes or flood the editor. */
const maxProblems = 1_000;
const maxNearMisses = 100;

/** What every check shares: the document, its components by name, where each is first used, and the report. */
export class ValidationContext {
  readonly document: PipelineDocument;
  readonly text: string;
  readonly problems: Problem[] = [];
  readonly #interfaces = new Map<string, ComponentInterface>();
  #nearMisses = maxNearMisses;

  constructor(document: PipelineDocument, text: string) {
    this.document = document;
    this.text = text;
    for (const component of document.components.values()) {
      this.#interfaces.set(component.name, interfaceOf(component));
    }
  }

  interfaceOf(componentName: string): ComponentInterface | undefined {
    return this.#interfaces.get(componentName);
  }

  report(
    code: ProblemCode,
    message: string,
    range: SourceRange,
    taskPath?: string,
    fix?: Problem['fix'],
    about?: Problem['about'],
  ): void {
    if (this.problems.length >= maxProblems) return;
    const more = { ...(fix === undefined ? {} : { fix }), ...(about === undefined ? {} : { about }) };
    this.problems.push(problem(code, message, range, { taskPath, ...more }));
  }

  /** A rename to the only near miss among the candidates. */
  rename(name: string, range: SourceRange, candidates: Iterable<string>): Problem['fix'] {
    if (name === '' || this.#nearMisses-- <= 0) return undefined;
    return renameFix(this.text, name, range, candidates);
  }
}

/** By name, for looking references up. */
export function interfaceOf(component: Component): ComponentInterface {
  const { inputs, outputs } = component;
  return {
    component,
    inputParameters: new Map(inputs.parameters.map((input) => [input.name, input])),
    inputArtifacts: new Map(inputs.artifacts.map((input) => [input.name, input])),
    outputParameters: new Map(outputs.parameters.map((output) => [output.name, output])),
    outputArtifacts: new Map(outputs.artifacts.map((output) => [output.name, output])),
  };
}

/** True for names that are safe as one segment of a path or URI on every system. */
export function isPathSegment(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    name.length <= 255 &&
    !/[/\\:\u0000-\u001f\u007f]/.test(name)
  );
}
