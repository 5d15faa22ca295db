import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/core/ir/analyse.ts';
import type { Problem } from '../../../src/core/ir/model.ts';
import { problemCodes } from '../../../src/core/ir/problemCodes.ts';
import { pipelineText, ringText } from '../../builders/pipelineText.ts';

interface Found {
  readonly code: string;
  /** The text under the problem. */
  readonly at: string;
  readonly taskPath: string | undefined;
}

function problemsOf(text: string): readonly Problem[] {
  const analysis = analyse({ text, withoutLayout: true });
  return analysis.kind === 'pipeline' ? analysis.problems : [analysis.problem];
}

function found(text: string): readonly Found[] {
  return problemsOf(text).map(({ code, range, taskPath }) => ({
    code,
    at: text.slice(range.start, range.end),
    taskPath,
  }));
}

function applyFix(text: string, problem: Problem | undefined): string {
  let fixed = text;
  for (const { range, text: replacement } of [...(problem?.fix?.edits ?? [])].reverse()) {
    fixed = fixed.slice(0, range.start) + replacement + fixed.slice(range.end);
  }
  return fixed;
}

/** Each: what is changed in the correct pipeline, and the one problem that must come of it. */
const cases: readonly (readonly [string, string, string, Found])[] = [
  [
    'a component that is not there',
    'name: comp-make',
    'name: comp-mine',
    { code: 'unknown-component', at: 'comp-mine', taskPath: 'make' },
  ],
  [
    'an executor that is not there',
    'executorLabel: exec-make',
    'executorLabel: exec-other-one',
    { code: 'unknown-executor', at: 'exec-other-one', taskPath: 'make' },
  ],
  [
    'no implementation',
    '    executorLabel: exec-use\n',
    '',
    { code: 'missing-implementation', at: 'comp-use', taskPath: 'use' },
  ],
  [
    'no value for a required input',
    '        inputs:\n          parameters:\n            count:\n              componentInputParameter: how_many\n',
    '',
    { code: 'missing-input', at: 'make', taskPath: 'make' },
  ],
  [
    'an input without a source',
    'count:\n              componentInputParameter: how_many',
    'count: {}',
    { code: 'missing-input', at: 'count: {}', taskPath: 'make' },
  ],
  [
    'an input of the pipeline that is not there',
    'componentInputParameter: how_many',
    'componentInputParameter: something',
    { code: 'unknown-input', at: 'something', taskPath: 'make' },
  ],
  [
    'a constant of another type',
    'componentInputParameter: how_many',
    'runtimeValue: {constant: 1.5}',
    {
      code: 'type-mismatch',
      at: 'count:\n              runtimeValue: {constant: 1.5}',
      taskPath: 'make',
    },
  ],
  [
    'a constant that is not among the literals',
    'count:\n          parameterType: NUMBER_INTEGER',
    'count:\n          literals: [1, 2]\n          parameterType: NUMBER_INTEGER\n          defaultValue: 3',
    {
      code: 'type-mismatch',
      at: 'count:\n          literals: [1, 2]\n          parameterType: NUMBER_INTEGER\n          defaultValue: 3',
      taskPath: 'make',
    },
  ],
  [
    'an output of another type',
    '        Output:\n          parameterType: STRING',
    '        Output:\n          parameterType: LIST',
    {
      code: 'type-mismatch',
      at: 'text:\n              taskOutputParameter:\n                outputParameterKey: Output\n                producerTask: make',
      taskPath: 'use',
    },
  ],
  [
    'a default of another type',
    'how_many:\n        parameterType: NUMBER_INTEGER',
    'how_many:\n        parameterType: NUMBER_INTEGER\n        defaultValue: many',
    {
      code: 'type-mismatch',
      at: 'how_many:\n        parameterType: NUMBER_INTEGER\n        defaultValue: many',
      taskPath: undefined,
    },
  ],
  [
    'a producer that is not there',
    'outputParameterKey: Output\n                producerTask: make',
    'outputParameterKey: Output\n                producerTask: somebody',
    { code: 'unknown-task', at: 'somebody', taskPath: 'use' },
  ],
  [
    'an output that is not there',
    'outputArtifactKey: data',
    'outputArtifactKey: figures',
    { code: 'unknown-output', at: 'figures', taskPath: 'use' },
  ],
  [
    'a task to wait for that is not there',
    '- make\n        inputs',
    '- make\n        - nobody\n        inputs',
    { code: 'dangling-dependency', at: 'nobody', taskPath: 'use' },
  ],
  [
    'a placeholder of an input that is not there',
    "inputs.parameters[''count'']",
    "inputs.parameters[''number'']",
    { code: 'bad-placeholder', at: "{{$.inputs.parameters[''number'']}}", taskPath: 'make' },
  ],
  [
    'a placeholder without quotes',
    "inputs.parameters[''count'']",
    'inputs.parameters[count]',
    { code: 'bad-placeholder', at: '{{$.inputs.parameters[count]}}', taskPath: 'make' },
  ],
  [
    'no name',
    'pipelineInfo:\n  name: two-steps',
    'pipelineInfo: {}',
    { code: 'missing-name', at: 'pipelineInfo', taskPath: undefined },
  ],
  [
    'a name KFP refuses',
    'name: two-steps',
    'name: Two Steps',
    { code: 'bad-name', at: 'Two Steps', taskPath: undefined },
  ],
  [
    'a newer schema',
    'schemaVersion: 2.1.0',
    'schemaVersion: 3.0.0',
    { code: 'unsupported-schema-version', at: '3.0.0', taskPath: undefined },
  ],
  [
    'an executor of another kind',
    "container:\n        args:\n        - '{{$.inputs.artifacts[''data''].uri}}'\n        image: busybox",
    'customJob: {}',
    { code: 'unsupported-executor', at: 'exec-use:\n      customJob: {}', taskPath: undefined },
  ],
  [
    'a container without an image',
    "'].uri}}'\n        image: busybox",
    "'].uri}}'",
    {
      code: 'missing-image',
      at: "exec-use:\n      container:\n        args:\n        - '{{$.inputs.artifacts[''data''].uri}}'",
      taskPath: undefined,
    },
  ],
  [
    'a type the format does not have',
    'how_many:\n        parameterType: NUMBER_INTEGER',
    'how_many:\n        parameterType: NUMBER',
    { code: 'unknown-type', at: 'NUMBER', taskPath: undefined },
  ],
  [
    'a value of the wrong kind',
    'dependentTasks:\n        - make',
    'dependentTasks: make',
    { code: 'wrong-type', at: 'make', taskPath: undefined },
  ],
  [
    'a key twice',
    'schemaVersion: 2.1.0',
    'schemaVersion: 2.1.0\nschemaVersion: 2.1.0',
    { code: 'duplicate-key', at: 'schemaVersion', taskPath: undefined },
  ],
  [
    'a condition that is not CEL',
    '        taskInfo:\n          name: use',
    '        taskInfo:\n          name: use\n        triggerPolicy:\n          condition: a ==',
    { code: 'bad-condition', at: 'a ==', taskPath: 'use' },
  ],
  [
    'a condition over an input that is not there',
    '        taskInfo:\n          name: use',
    "        taskInfo:\n          name: use\n        triggerPolicy:\n          condition: inputs.parameter_values['other'] == 'a'",
    { code: 'bad-condition', at: "inputs.parameter_values['other'] == 'a'", taskPath: 'use' },
  ],
  [
    'items that are not a list',
    '        taskInfo:\n          name: use',
    `        parameterIterator:\n          itemInput: text\n          items:\n            raw: '{"a": 1}'\n        taskInfo:\n          name: use`,
    { code: 'bad-iterator', at: `'{"a": 1}'`, taskPath: 'use' },
  ],
  [
    'items from an input that is not there',
    '        taskInfo:\n          name: use',
    '        parameterIterator:\n          itemInput: text\n          items:\n            inputParameter: list\n        taskInfo:\n          name: use',
    { code: 'bad-iterator', at: 'list', taskPath: 'use' },
  ],
  [
    'an item into an input that is not there',
    '        taskInfo:\n          name: use',
    "        parameterIterator:\n          itemInput: item\n          items:\n            raw: '[1]'\n        taskInfo:\n          name: use",
    { code: 'bad-iterator', at: 'item', taskPath: 'use' },
  ],
  [
    'an artifact name that leaves its folder',
    '          parameterType: NUMBER_INTEGER\n    outputDefinitions:\n      artifacts:\n        data:',
    '          parameterType: NUMBER_INTEGER\n    outputDefinitions:\n      artifacts:\n        ../../etc:\n          artifactType: {schemaTitle: system.Dataset}\n        data:',
    { code: 'bad-artifact-name', at: '../../etc', taskPath: 'make' },
  ],
  [
    'a component nobody uses',
    '  comp-use:\n',
    '  comp-spare:\n    executorLabel: exec-use\n  comp-use:\n',
    { code: 'unused-component', at: 'comp-spare', taskPath: undefined },
  ],
  [
    'a third document',
    'sdkVersion: kfp-2.17.0\n',
    'sdkVersion: kfp-2.17.0\n---\nplatforms: {kubernetes: {}}\n---\nmore: 1\n',
    { code: 'extra-document', at: 'more: 1', taskPath: undefined },
  ],
];

test('the pipeline that the cases change has no problems', () => {
  expect(found(pipelineText())).toEqual([]);
});

test.each(cases)('%s', (_name, replace, by, expected) => {
  const text = pipelineText(replace, by);
  // The change may have other consequences, e.g. an output that is gone; the named one must be there, once.
  expect(found(text).filter(({ code }) => code === expected.code)).toEqual([expected]);
});

describe('more than one thing at a time', () => {
  test('a task that leaves its folder', () => {
    const text = pipelineText('      make:\n', '      ../make:\n').replaceAll(
      'producerTask: make',
      'producerTask: ../make',
    );
    expect(found(text)).toContainEqual({ code: 'bad-task-name', at: '../make', taskPath: '../make' });
  });

  test('an empty dag, and no dag at all', () => {
    const empty = 'pipelineInfo: {name: x}\nschemaVersion: 2.1.0\nroot: {dag: {tasks: {}}}\n';
    expect(found(empty)).toEqual([{ code: 'empty-dag', at: 'dag: {tasks: {}}', taskPath: undefined }]);
    const none = 'pipelineInfo: {name: x}\nschemaVersion: 2.1.0\n';
    expect(found(none).map(({ code }) => code)).toEqual(['missing-implementation']);
  });

  test('a component inside itself ends, and is named', () => {
    const text = `pipelineInfo: {name: x}
schemaVersion: 2.1.0
components:
  comp-a: {dag: {tasks: {b: {componentRef: {name: comp-b}}}}}
  comp-b: {dag: {tasks: {a: {componentRef: {name: comp-a}}}}}
root: {dag: {tasks: {a: {componentRef: {name: comp-a}}}}}
`;
    expect(found(text)).toEqual([{ code: 'recursion', at: 'comp-a', taskPath: 'a/b/a' }]);
    expect(problemsOf(text)[0]?.message).toContain('comp-a → comp-b → comp-a');
  });

  test('a cycle is named', () => {
    const text = ringText(3);
    expect(found(text)).toEqual([{ code: 'cycle', at: 't0', taskPath: 't1' }]);
    expect(problemsOf(text)[0]?.message).toContain('t0 → t2 → t1 → t0');
  });

  test('a cycle of 5,000 tasks is one problem with a short sentence', () => {
    const problems = problemsOf(ringText(5_000));
    expect(problems.map(({ code }) => code)).toEqual(['cycle']);
    expect(problems[0]?.message.length).toBeLessThan(200);
  });

  test('the inside of a group is named by its scope path', () => {
    const text = `pipelineInfo: {name: x}
schemaVersion: 2.1.0
components:
  comp-in: {dag: {tasks: {leaf: {componentRef: {name: comp-gone}}}}}
root: {dag: {tasks: {group: {componentRef: {name: comp-in}}}}}
`;
    expect(found(text)).toEqual([{ code: 'unknown-component', at: 'comp-gone', taskPath: 'group/leaf' }]);
  });
});

describe('fixes', () => {
  const fixed = (replace: string, by: string): string => {
    const text = pipelineText(replace, by);
    return applyFix(
      text,
      problemsOf(text).find(({ fix }) => fix !== undefined),
    );
  };

  test.each([
    ['name: comp-make', 'name: comp-mak'],
    ['executorLabel: exec-use', 'executorLabel: exec-ues'],
    ['outputArtifactKey: data', 'outputArtifactKey: date'],
    [
      'outputParameterKey: Output\n                producerTask: make',
      'outputParameterKey: Output\n                producerTask: mkae',
    ],
    ['componentInputParameter: how_many', 'componentInputParameter: how_mny'],
    ["inputs.parameters[''count'']", "inputs.parameters[''coumt'']"],
    ['- make\n        inputs', '- maek\n        inputs'],
    ['- make\n        inputs', '- make\n        - nobody\n        inputs'],
  ])('%s is restored from %s', (right, wrong) => {
    expect(fixed(right, wrong)).toBe(pipelineText());
  });

  test('the last dangling dependency takes its key with it', () => {
    const text = pipelineText('- make\n        inputs', '- nobody\n        inputs');
    const problem = problemsOf(text).find(({ code }) => code === 'dangling-dependency');
    expect(applyFix(text, problem)).toBe(pipelineText('        dependentTasks:\n        - make\n', ''));
  });

  test('a flow list loses one entry', () => {
    const text = pipelineText('dependentTasks:\n        - make', 'dependentTasks: [nobody, make]');
    const problem = problemsOf(text).find(({ code }) => code === 'dangling-dependency');
    expect(applyFix(text, problem)).toBe(
      pipelineText('dependentTasks:\n        - make', 'dependentTasks: [make]'),
    );
  });

  test('two near misses are no fix', () => {
    const text = pipelineText(
      '  comp-use:\n',
      '  comp-mako:\n    executorLabel: exec-use\n  comp-use:\n',
    ).replace('name: comp-make', 'name: comp-mak');
    const problem = problemsOf(text).find(({ code }) => code === 'unknown-component');
    expect(problem).toBeDefined();
    expect(problem?.fix).toBeUndefined();
  });

  test('a new name is quoted where the text quotes', () => {
    const text = pipelineText('name: comp-make', 'name: "comp-mak"');
    const problem = problemsOf(text).find(({ code }) => code === 'unknown-component');
    expect(applyFix(text, problem)).toBe(pipelineText('name: comp-make', 'name: "comp-make"'));
  });
});

test('every code of the list is shown by a test of this folder', () => {
  const tested = new Set([
    ...cases.map(([, , , { code }]) => code),
    ...['bad-task-name', 'empty-dag', 'missing-implementation', 'recursion', 'cycle'],
    // hostile.test.ts and dialects.test.ts
    ...['yaml-syntax', 'not-pipeline', 'too-large', 'too-many-aliases', 'nested-too-deeply'],
  ]);
  expect(Object.keys(problemCodes).filter((code) => !tested.has(code))).toEqual([]);
});
