import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Gesture } from '../../../../src/core/ir/edit/gesture.ts';
import { applyEdits, planGesture } from '../../../../src/core/ir/edit/plan.ts';
import { pipelineText } from '../../../builders/pipelineText.ts';

function edit(text: string, gesture: Gesture): string {
  const plan = planGesture(text, gesture);
  if (plan.kind === 'refused') throw new Error(plan.reason);
  return applyEdits(text, plan.edits);
}

function refusal(text: string, gesture: Gesture): string {
  const plan = planGesture(text, gesture);
  return plan.kind === 'refused' ? plan.reason : `not refused: ${plan.title}`;
}

/** The lines that are only in the first text, and only in the second. */
function changes(before: string, after: string): { readonly gone: string[]; readonly come: string[] } {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const without = (lines: string[], others: string[]): string[] => {
    const left = [...others];
    return lines.filter((line) => {
      const at = left.indexOf(line);
      if (at !== -1) left.splice(at, 1);
      return at === -1;
    });
  };
  return { gone: without(a, b), come: without(b, a) };
}

const producer = (task: string): string => `                producerTask: ${task}`;

const rename: Gesture = { kind: 'rename', task: 'make', name: 'build' };
const retry: Gesture = { kind: 'setRetry', tasks: ['use'], retry: { maxRetryCount: 2 } };
const remove: Gesture = { kind: 'delete', tasks: ['use'] };
const disk: Gesture = {
  kind: 'setKubernetes',
  tasks: ['use'],
  fields: { nodeSelector: { labels: { disk: 'ssd' } } },
};

describe('all other bytes stay', () => {
  test('a rename changes the names and nothing else', () => {
    const text = pipelineText('      make:\n', '      # the maker\n      make: # here\n');
    expect(changes(text, edit(text, rename))).toEqual({
      gone: [
        '      make: # here',
        '          name: make',
        '        - make',
        producer('make'),
        producer('make'),
      ],
      come: [
        '      build: # here',
        '          name: build',
        '        - build',
        producer('build'),
        producer('build'),
      ],
    });
  });

  test('a removed task takes its own comment along, not its neighbour’s', () => {
    const text = pipelineText('      use:\n', '      # uses it\n      use:\n').replace(
      '  inputDefinitions:\n    parameters:\n      how_many',
      '  # the inputs\n  inputDefinitions:\n    parameters:\n      how_many',
    );
    const { gone, come } = changes(text, edit(text, remove));
    expect(gone).toContain('      # uses it');
    expect(gone).not.toContain('  # the inputs');
    expect(come).toEqual([]);
  });

  test('a comment behind a value stays behind the new value', () => {
    const text = pipelineText(
      '              componentInputParameter: how_many\n',
      '              componentInputParameter: how_many # so many\n',
    );
    const changed = edit(text, {
      kind: 'changeInput',
      group: '',
      name: 'how_many',
      port: { name: 'count', kind: 'parameter', type: 'NUMBER_INTEGER' },
    });
    expect(changed).toContain('componentInputParameter: count # so many\n');
  });

  test('CRLF stays CRLF', () => {
    const text = pipelineText().replaceAll('\n', '\r\n');
    for (const gesture of [rename, retry, remove, disk]) expect(edit(text, gesture)).not.toMatch(/[^\r]\n/);
    expect(edit(text, retry).replaceAll('\r\n', '\n')).toBe(edit(pipelineText(), retry));
  });
});

describe('where new entries go', () => {
  test('among keys in order to their place', () => {
    expect(edit(pipelineText(), retry)).toContain(
      '        retryPolicy:\n          backoffDuration: 0s\n          backoffFactor: 2\n          backoffMaxDuration: 3600s\n          maxRetryCount: 2\n        taskInfo:\n          name: use\n',
    );
  });

  test('among keys in an order of their own to the end', () => {
    const text = pipelineText(
      '        componentRef:\n          name: comp-use\n',
      '        taskInfo:\n          name: use\n        componentRef:\n          name: comp-use\n',
    ).replace('        taskInfo:\n          name: use\n  inputDefinitions', '  inputDefinitions');
    expect(edit(text, retry)).toMatch(
      /producerTask: make\n {8}retryPolicy:\n(?: {10}.*\n)+ {2}inputDefinitions/,
    );
  });

  test('into a flow mapping in flow style', () => {
    const text = pipelineText(
      '        taskInfo:\n          name: use\n',
      '        taskInfo: {name: use}\n        cachingOptions: {}\n',
    );
    expect(edit(text, { kind: 'setCaching', tasks: ['use'], enabled: true })).toContain(
      '        cachingOptions:\n          enableCache: true\n',
    );
    expect(edit(text, { kind: 'rename', task: 'use', name: 'yes' })).toContain(
      "        taskInfo: {name: 'yes'}\n",
    );
  });

  test('behind a text that keeps its last line breaks', () => {
    const text = pipelineText('pipelineInfo:\n', 'pipelineInfo:\n  description: |+\n    two\n\n\n');
    const changed = edit(text, { kind: 'setPipelineInfo', name: 'other' });
    expect(changed).toContain('  description: |+\n    two\n\n\n  name: other\n');
  });

  test('at the end of a text without a last line break', () => {
    const text = pipelineText().trimEnd();
    expect(edit(text, disk)).toContain('sdkVersion: kfp-2.17.0\n---\nplatforms:\n');
    expect(edit(text, rename).endsWith('sdkVersion: kfp-2.17.0')).toBe(true);
  });
});

describe('the platform document', () => {
  const platform =
    '---\nplatforms:\n  kubernetes:\n    deploymentSpec:\n      executors:\n        exec-use:\n          nodeSelector:\n            labels:\n              disk: ssd\n';

  test('comes with its first setting and goes with its last', () => {
    const changed = edit(pipelineText(), disk);
    expect(changed).toBe(pipelineText() + platform);
    expect(edit(changed, { kind: 'setKubernetes', tasks: ['use'], fields: { nodeSelector: null } })).toBe(
      pipelineText(),
    );
    // With the executor go its settings.
    expect(edit(changed, remove)).toBe(edit(pipelineText(), remove));
  });

  test('may stand first', () => {
    const text = platform.slice(4) + '---\n' + pipelineText();
    expect(edit(text, { kind: 'setKubernetes', tasks: ['use'], fields: { nodeSelector: null } })).toBe(
      pipelineText(),
    );
  });

  test('is wrapped like the pipeline in the REST form', () => {
    const text = stringify({ pipeline_spec: parse(pipelineText()) as unknown });
    expect(parse(edit(text, disk))).toEqual({
      pipeline_spec: parse(pipelineText()) as unknown,
      platform_spec: parse(platform.slice(4)) as unknown,
    });
  });
});

describe('JSON', () => {
  const pretty = `${JSON.stringify(parse(pipelineText()), null, 2)}\n`;

  test('stays JSON, on lines where it is on lines', () => {
    const changed = edit(pretty, retry);
    expect(changed).toBe(`${JSON.stringify(JSON.parse(changed), null, 2)}\n`);
    expect(changes(pretty, changed)).toEqual({
      gone: [],
      come: [
        '          "retryPolicy": {',
        '            "backoffDuration": "0s",',
        '            "backoffFactor": 2,',
        '            "backoffMaxDuration": "3600s",',
        '            "maxRetryCount": 2',
        '          },',
      ],
    });
  });

  test('of one line', () => {
    const compact = JSON.stringify(parse(pipelineText()));
    for (const gesture of [rename, retry, remove]) {
      expect(JSON.parse(edit(compact, gesture))).toEqual(parse(edit(pipelineText(), gesture)));
    }
  });

  test('a first and a last member are removed with their comma', () => {
    for (const task of ['make', 'use']) {
      const changed = edit(pretty, { kind: 'delete', tasks: [task] });
      expect(JSON.parse(changed)).toEqual(parse(edit(pipelineText(), { kind: 'delete', tasks: [task] })));
    }
  });

  test('has no place for a second document', () => {
    expect(refusal(pretty, disk)).toMatch(/^Line 1 is one JSON object, .*: change it in the text\.$/);
  });
});

describe('anchors and aliases', () => {
  const text = pipelineText(
    '        inputs:\n          parameters:\n            count:',
    '        retryPolicy: &often\n          maxRetryCount: 3\n        inputs:\n          parameters:\n            count:',
  ).replace('        dependentTasks:\n', '        retryPolicy: *often\n        dependentTasks:\n');

  test('what they share is refused by its line', () => {
    const line = (part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;
    expect(refusal(text, { ...retry, tasks: ['make'] })).toBe(
      `Line ${line('maxRetryCount')} is shared by an anchor (&) and aliases (*): change it in the text.`,
    );
    expect(refusal(text, retry)).toContain('shared by an anchor');
    expect(refusal(text, { kind: 'delete', tasks: ['make'] })).toMatch(/has the anchor &often/);
  });

  test('beside them everything goes on', () => {
    expect(changes(text, edit(text, rename)).gone).toHaveLength(5);
  });

  test('merge keys too', () => {
    const merged = pipelineText(
      '        taskInfo:\n          name: use\n',
      '        <<: {retryPolicy: {maxRetryCount: 1}}\n        taskInfo:\n          name: use\n',
    );
    expect(refusal(merged, retry)).toContain('merged of other mappings');
  });
});

describe('never a guess', () => {
  test.each([
    [
      'a key twice',
      pipelineText(
        '        taskInfo:\n          name: use\n',
        '        taskInfo:\n          name: use\n        taskInfo:\n          name: use\n',
      ),
      retry,
    ],
    [
      'broken YAML',
      pipelineText('        taskInfo:\n          name: use\n', '        taskInfo: {name: "use}\n'),
      retry,
    ],
    ['a key in a form of its own', pipelineText('      use:\n', '      ? use\n      :\n'), retry],
  ])('%s is refused', (_what, text, gesture) => {
    expect(planGesture(text, gesture)).toMatchObject({ kind: 'refused' });
  });
});
