/** Every quick fix mends what it is offered for: the validator, which knows nothing of fixes, is the judge. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../src/core/base/json.ts';
import { analyse } from '../../../src/core/ir/analyse.ts';
import { convertValue, fixesFor } from '../../../src/core/ir/edit/fixes.ts';
import { applyEdits, planGesture } from '../../../src/core/ir/edit/plan.ts';
import type { PipelineDocument, Problem } from '../../../src/core/ir/model.ts';

function problemsOf(text: string): { document: PipelineDocument; problems: readonly Problem[] } {
  const analysis = analyse({ text, withoutLayout: true });
  if (analysis.kind !== 'pipeline') throw new Error(analysis.problem.message);
  return { document: analysis.document, problems: analysis.problems };
}

const small = `components:
  comp-a:
    executorLabel: exec-a
    inputDefinitions:
      parameters:
        count: {parameterType: NUMBER_INTEGER}
        text: {parameterType: STRING}
    outputDefinitions:
      parameters:
        Output: {parameterType: STRING}
  comp-spare:
    executorLabel: exec-spare
deploymentSpec:
  executors:
    exec-a:
      container: {image: alpine}
    exec-spare:
      container: {image: alpine}
pipelineInfo:
  name: small
root:
  dag:
    tasks:
      first:
        componentRef: {name: comp-a}
        inputs:
          parameters:
            count:
              runtimeValue: {constant: 1}
            text:
              componentInputParameter: text
        taskInfo: {name: first}
      second:
        componentRef: {name: comp-a}
        dependentTasks: [first]
        inputs:
          parameters:
            count:
              componentInputParameter: count
            text:
              taskOutputParameter: {outputParameterKey: Output, producerTask: first}
        taskInfo: {name: second}
  inputDefinitions:
    parameters:
      count: {defaultValue: 3, isOptional: true, parameterType: NUMBER_INTEGER}
      text: {parameterType: STRING}
schemaVersion: 2.1.0
`;

/** By name: how the pipeline is broken, the problem's code, and the ids of its fixes. */
const cases: Readonly<Record<string, readonly [(text: string) => string, string, readonly string[]]>> = {
  'an input without a value': [
    (text) => text.replace(/ {12}count:\n {14}runtimeValue.*\n/, ''),
    'missing-input',
    ['createInput', 'constant'],
  ],
  'an input whose source says nothing': [
    (text) => text.replace('runtimeValue: {constant: 1}', '{}'),
    'missing-input',
    ['createInput', 'constant'],
  ],
  'an input that the component does not have': [
    (text) => text.replace(/count:(\n {14}runtimeValue)/, 'wholly-different:$1'),
    'unknown-input',
    ['disconnect'],
  ],
  'an input that the pipeline does not have': [
    (text) => text.replace('componentInputParameter: count', 'componentInputParameter: elsewhere'),
    'unknown-input',
    ['createInput', 'disconnect'],
  ],
  'a producer that is gone': [
    (text) => text.replace('producerTask: first', 'producerTask: vanished'),
    'unknown-task',
    ['disconnect'],
  ],
  'an output that is gone': [
    (text) => text.replace('outputParameterKey: Output', 'outputParameterKey: vanished'),
    'unknown-output',
    ['disconnect'],
  ],
  'a circle by order': [
    (text) =>
      text
        .replace(
          'taskOutputParameter: {outputParameterKey: Output, producerTask: first}',
          'componentInputParameter: text',
        )
        .replace('      first:\n', '      first:\n        dependentTasks: [second]\n'),
    'cycle',
    ['breakCycle'],
  ],
  'a circle by data': [
    (text) =>
      text.replace(
        'componentInputParameter: text',
        'taskOutputParameter: {outputParameterKey: Output, producerTask: second}',
      ),
    'cycle',
    ['disconnect'],
  ],
  'a constant of the wrong type': [
    (text) => text.replace('{constant: 1}', "{constant: '1'}"),
    'type-mismatch',
    ['constant'],
  ],
  'a constant that cannot be converted': [
    (text) => text.replace('{constant: 1}', '{constant: many}'),
    'type-mismatch',
    ['disconnect'],
  ],
  'a pipeline input of the wrong type': [
    (text) =>
      text.replace(
        'isOptional: true, parameterType: NUMBER_INTEGER',
        'isOptional: true, parameterType: NUMBER_DOUBLE',
      ),
    'type-mismatch',
    ['changeType', 'disconnect'],
  ],
  'a default of the wrong type': [
    (text) => text.replace('defaultValue: 3', "defaultValue: '3'"),
    'type-mismatch',
    ['changeType'],
  ],
  'a component that nobody uses': [(text) => text, 'unused-component', ['remove']],
  'a pipeline without a name': [(text) => text.replace('name: small', "name: ''"), 'missing-name', ['name']],
  'a task without a component': [
    (text) => text.replace(/(second:\n {8}componentRef: \{name: )comp-a/, '$1wholly-different'),
    'unknown-component',
    ['delete'],
  ],
  'a dependency on nothing': [
    (text) => text.replace('dependentTasks: [first]', 'dependentTasks: [first, wholly-different]'),
    'dangling-dependency',
    ['text'],
  ],
};

describe('fixes', () => {
  test.each(Object.keys(cases))('%s', (name) => {
    const [breakText, code, ids] = cases[name] ?? [(text: string) => text, '', []];
    const broken = breakText(small);
    const { document, problems } = problemsOf(broken);
    const problem = problems.find((one) => one.code === code);
    if (problem === undefined) throw new Error(`No ${code} in ${JSON.stringify(problems)}`);
    const fixes = fixesFor(document, problem);
    expect(fixes.map(({ id }) => id)).toEqual(ids);
    for (const fix of fixes) {
      const plan =
        fix.kind === 'text' ? { kind: 'edits' as const, edits: fix.edits } : planGesture(broken, fix.gesture);
      if (plan.kind === 'refused') throw new Error(`${fix.title}: ${plan.reason}`);
      const after = problemsOf(applyEdits(broken, plan.edits)).problems;
      expect(after.map(({ message }) => message)).not.toContain(problem.message);
      // A disconnected input has no value: the only new problem that a fix may leave, since it says so.
      const news = after.filter((one) => !problems.some(({ message }) => message === one.message));
      expect(news.filter((one) => fix.id !== 'disconnect' || one.code !== 'missing-input')).toEqual([]);
    }
  });

  test('a pipeline without problems has nothing to fix', () => {
    const text = readFileSync('test/fixtures/kfp/samples/pipeline_with_loops.yaml', 'utf8');
    const { document, problems } = problemsOf(text);
    expect(problems.flatMap((problem) => fixesFor(document, problem))).toEqual([]);
  });
});

test.each<[JsonValue, Parameters<typeof convertValue>[1], JsonValue | undefined]>([
  ['5', 'NUMBER_INTEGER', 5],
  ['5.5', 'NUMBER_INTEGER', undefined],
  [5.5, 'NUMBER_INTEGER', undefined],
  [' 1e3 ', 'NUMBER_DOUBLE', 1000],
  ['0x10', 'NUMBER_DOUBLE', undefined],
  ['', 'NUMBER_DOUBLE', undefined],
  ['True', 'BOOLEAN', true],
  ['yes', 'BOOLEAN', undefined],
  [5, 'STRING', '5'],
  [{ a: 1 }, 'STRING', '{"a":1}'],
  ['x', 'LIST', undefined],
])('%j as %s is %j', (value, type, expected) => {
  expect(convertValue(value, type)).toEqual(expected);
});
