import type { Problem, SourceRange } from './model.ts';

/** Every problem code with what it means. Codes are stable: quick fixes, tests and people's searches rely on them. */
export const problemCodes = {
  'yaml-syntax': 'The text is not valid YAML or JSON.',
  'not-pipeline': 'The text is something other than a KFP v2 pipeline.',
  'too-many-aliases': 'YAML aliases would blow the document up.',
  'too-large': 'The text has more values than a reader should take on.',
  'nested-too-deeply': 'Values are nested deeper than any reader of pipelines accepts.',
  'extra-document': 'More than a pipeline document and a platform document.',
  'duplicate-key': 'A mapping has the same key twice; the last one would win.',
  'wrong-type': 'A value has another type than the pipeline format asks for.',
  'unknown-type': 'A parameter type that the format does not have.',
  'unsupported-schema-version': 'A schemaVersion that this version cannot read.',
  'missing-name': 'pipelineInfo.name is missing or empty.',
  'bad-name': 'A pipeline name that Kubernetes and KFP refuse.',
  'bad-task-name': 'A task key that cannot be a path segment.',
  'bad-artifact-name': 'An input or output name that cannot be a path segment.',
  'empty-dag': 'A dag without tasks.',
  'missing-implementation': 'A component with neither dag nor executorLabel.',
  'unknown-component': 'A task refers to a component that is not in components.',
  'unknown-executor': 'A component refers to an executor that is not in deploymentSpec.executors.',
  'unsupported-executor': 'An executor that is neither a container nor an importer.',
  'missing-image': 'A container executor without an image.',
  recursion: 'A component contains itself.',
  cycle: 'Tasks depend on each other in a circle.',
  'missing-input': 'A required input of the component gets no value.',
  'unknown-input':
    'A task sets an input that its component does not have, or reads one its dag does not have.',
  'type-mismatch': 'A value of one type is passed to an input or output of another.',
  'unknown-task': 'A producer that is not a task of the same dag.',
  'dangling-dependency': 'dependentTasks names a task that is not in the same dag.',
  'unknown-output': 'A producer has no output of that name.',
  'bad-placeholder': 'A placeholder names an input or output that the component does not have.',
  'bad-iterator': 'A loop over something that is not a list, or into an input that is not there.',
  'bad-condition': 'A trigger condition that is not CEL, or reads an input that the task does not have.',
  'unused-component': 'A component that no task refers to.',
} as const;

export type ProblemCode = keyof typeof problemCodes;

/** Only these let a pipeline run. */
const warnings: ReadonlySet<ProblemCode> = new Set<ProblemCode>(['unused-component']);

/** `taskPath`: the node id of the task that has it. */
export function problem(
  code: ProblemCode,
  message: string,
  range: SourceRange,
  more: Pick<Problem, 'about' | 'fix'> & { readonly taskPath?: string | undefined } = {},
): Problem {
  return {
    code,
    severity: warnings.has(code) ? 'warning' : 'error',
    message,
    range,
    taskPath: more.taskPath,
    ...(more.about === undefined ? {} : { about: more.about }),
    ...(more.fix === undefined ? {} : { fix: more.fix }),
  };
}
