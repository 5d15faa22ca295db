import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/core/ir/analyse.ts';
import { buildGraph } from '../../../src/core/ir/graph.ts';
import { parsePipeline } from '../../../src/core/ir/parse.ts';
import { specToDocuments } from '../../../src/core/ir/specDocuments.ts';
import { pipelineText, sampleText } from '../../builders/pipelineText.ts';

/** Everything that reads a text; whatever it is, there is an answer, and every problem lies inside the text. */
function readAll(text: string): void {
  const analysis = analyse({ text, withoutLayout: true });
  specToDocuments(text);
  const problems = analysis.kind === 'pipeline' ? analysis.problems : [analysis.problem];
  for (const { range, message } of problems) {
    expect(range.start).toBeGreaterThanOrEqual(0);
    expect(range.start).toBeLessThanOrEqual(range.end);
    expect(range.end).toBeLessThanOrEqual(text.length);
    expect(message.length).toBeLessThan(1_000);
  }
  if (analysis.kind === 'pipeline') {
    buildGraph(analysis.document);
    structuredClone(analysis);
  }
}

describe('any text has an answer', () => {
  test('arbitrary text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), readAll), { numRuns: 300 });
  });

  test('arbitrary YAML-like text', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'root',
        ': ',
        '- ',
        '\n',
        '  ',
        '{',
        '}',
        '[',
        ']',
        ',',
        '&x ',
        '*x',
        '<<: ',
        '"',
        "'",
        '|',
        '>',
        '!t ',
      ],
      ...[
        'dag',
        'tasks',
        'pipelineInfo',
        'schemaVersion',
        '---\n',
        '? ',
        '#',
        '%',
        '\t',
        'null',
        '1',
        '__proto__',
      ],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
        readAll,
      ),
      { numRuns: 500 },
    );
  });

  test('samples with a piece removed, doubled or replaced', () => {
    const names = [
      'pipeline_with_loops.yaml',
      'if_else_with_oneof_parameters.yaml',
      'kubernetes_toleration.yaml',
    ];
    const mutation = fc.record({
      name: fc.constantFrom(...names),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.integer({ min: 0, max: 200 }),
      by: fc.constantFrom(
        '',
        '\n',
        '{}',
        '[]',
        'null',
        '&a',
        '*a',
        '  ',
        '- ',
        ': ',
        '"',
        'constructor',
        '1e999',
      ),
    });
    fc.assert(
      fc.property(mutation, ({ name, at, length, by }) => {
        const text = sampleText(name);
        const start = Math.floor(at * text.length);
        readAll(text.slice(0, start) + by + text.slice(start + length));
      }),
      { numRuns: 150 },
    );
  });

  test('any JSON where the format wants something else', () => {
    const places = [
      'components:\n',
      'dependentTasks:\n        - make',
      'name: comp-make',
      'count:\n              componentInputParameter: how_many',
      'pipelineInfo:\n  name: two-steps',
      'image: busybox',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 3 }), (place, value) => {
        const key = place.slice(0, place.indexOf(':'));
        readAll(pipelineText(place, `${key}: ${JSON.stringify(value)}\n`));
      }),
      { numRuns: 200 },
    );
  });
});

describe('prototype keys are keys', () => {
  const text = `pipelineInfo: {name: x}
schemaVersion: 2.1.0
components:
  __proto__: {executorLabel: constructor}
  constructor: {executorLabel: __proto__}
deploymentSpec:
  executors:
    __proto__: {container: {image: a, env: [{name: __proto__, value: toString}]}}
    constructor: {container: {image: b}}
root:
  inputDefinitions:
    parameters:
      p: {parameterType: STRUCT, defaultValue: {__proto__: {polluted: true}, constructor: {prototype: {polluted: true}}}}
  dag:
    tasks:
      __proto__: {componentRef: {name: __proto__}}
      constructor: {componentRef: {name: constructor}, dependentTasks: [__proto__]}
      toString: {componentRef: {name: toString}}
`;

  test('names from the prototype are not found where they are not written', () => {
    const analysis = analyse({ text, withoutLayout: true });
    if (analysis.kind !== 'pipeline') throw new Error(analysis.problem.message);
    expect(analysis.problems.map(({ code, taskPath }) => [code, taskPath])).toEqual([
      ['unknown-component', 'toString'],
    ]);
    expect([...analysis.document.components.keys()]).toEqual(['__proto__', 'constructor']);
    expect(buildGraph(analysis.document).edges.map(({ from, to }) => [from, to])).toEqual([
      ['__proto__', 'constructor'],
    ]);
  });

  test('values keep them as their own properties', () => {
    const parsed = parsePipeline(text);
    if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
    const value = parsed.document.root.inputs.parameters[0]?.defaultValue;
    expect(Object.keys(Object(value) as object)).toEqual(['__proto__', 'constructor']);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(JSON.stringify(value)).toBe(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    );
  });
});

describe('limits', () => {
  function codeOf(text: string): string | undefined {
    const analysis = analyse({ text, withoutLayout: true });
    return analysis.kind === 'pipeline' ? analysis.problems[0]?.code : analysis.problem.code;
  }
  const around = (defaultValue: string, anchors = ''): string =>
    `${anchors}pipelineInfo: {name: x}\nschemaVersion: 2.1.0\nroot: {inputDefinitions: {parameters: {p: {parameterType: LIST, defaultValue: ${defaultValue}}}}}\n`;

  test('an alias bomb', () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]\n`,
    );
    const text = around('*a30', `a0: &a0 [x]\n${levels.join('')}`);
    expect(codeOf(text)).toBe('too-many-aliases');
    expect(specToDocuments(text).kind).toBe('notPipeline');
  });

  test('millions of small values', () => {
    expect(codeOf(around(`[${'1, '.repeat(1_500_000)}]`))).toBe('too-large');
  });

  test('many aliases of something small are fine', () => {
    expect(codeOf(around(`[${Array(20_000).fill('*x').join(', ')}]`, 'x: &x [1]\n'))).toBe(
      'missing-implementation',
    );
  });

  test('an alias of what holds it', () => {
    expect(codeOf(around('&a [*a]'))).toBe('nested-too-deeply');
    expect(codeOf('&a {pipelineInfo: *a, root: *a, schemaVersion: 2.1.0}')).toBeDefined();
  });

  test.each([
    ['values', around('['.repeat(150) + ']'.repeat(150))],
    ['flow lists', '['.repeat(50_000)],
    ['block lists', '- '.repeat(50_000)],
    ['block mappings', Array.from({ length: 2_000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('%s nested without end', (_name, text) => {
    expect(codeOf(text)).toBe('nested-too-deeply');
  });

  test('a megabyte', () => {
    const function_ = 'def f():\n' + '    print("a line of some length, as people write them")\n'.repeat(60);
    const executors = Array.from(
      { length: 300 },
      (_, i) =>
        `    exec-${i}:\n      container:\n        image: python:3.11\n        command:\n        - sh\n        - -ec\n        - python3 -m kfp.dsl.executor_main\n        - ${JSON.stringify(function_)}\n        args:\n        - --function_to_execute\n        - f\n`,
    );
    const text = pipelineText('    exec-use:\n', `${executors.join('')}    exec-use:\n`);
    expect(text.length).toBeGreaterThan(1_000_000);
    const parsed = parsePipeline(text);
    if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
    expect(parsed.document.executors.size).toBe(302);
    const executor = parsed.document.executors.get('exec-299');
    expect(executor?.kind === 'container' ? executor.python?.source : '').toBe(function_);
  });

  test('wrong everywhere is a bounded list', () => {
    const tasks = Array.from(
      { length: 3_000 },
      (_, i) => `      task-${i}: {componentRef: {name: comp-${i}}}\n`,
    );
    const text = `pipelineInfo: {name: x}\nschemaVersion: 2.1.0\nroot:\n  dag:\n    tasks:\n${tasks.join('')}`;
    const analysis = analyse({ text, withoutLayout: true });
    expect(analysis.kind === 'pipeline' ? analysis.problems.length : 0).toBe(1_000);
  });
});
