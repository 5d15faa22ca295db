/** What Python cannot say is refused in a sentence that names the place. The rest: test/contract/pipelines. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatePython, type Generated } from '../../../../src/core/ir/python/generate.ts';
import { parseWithDocuments } from '../../../../src/core/ir/specDocuments.ts';

const fixture = (name: string): string => readFileSync(`test/fixtures/${name}.yaml`, 'utf8');

function generate(text: string): Generated {
  const parsed = parseWithDocuments(text);
  if (parsed.kind !== 'pipeline') throw new Error(parsed.problem.message);
  return generatePython(parsed.document, parsed.documents.platformSpec);
}

const branches = fixture('pipelines/branches');
const refused: readonly { what: string; text: string; reason: RegExp }[] = [
  {
    what: 'a condition of more than two values',
    text: branches.replace(
      "inputs.parameter_values['pipelinechannel--limit'] < 4.6",
      "inputs.parameter_values['pipelinechannel--limit'] < 4.6 || false",
    ),
    reason: /^The condition of condition-\d+ is more than two values compared/,
  },
  {
    what: 'an input that is no name in Python',
    text: fixture('pipelines/containers').replaceAll('suffix', 'my-suffix'),
    reason: /my-suffix.*no name in Python: rename it/,
  },
  {
    what: 'an artifact type that the SDK refuses',
    text: fixture('pipelines/containers').replaceAll('system.Dataset', 'acme.Dataset'),
    reason: /acme\.Dataset/,
  },
  {
    what: 'a setting of the pipeline as a whole that the SDK has no word for',
    text: `${fixture('pipelines/nested')}\n---\nplatforms: { kubernetes: { pipelineConfig: { mutexName: one } } }\n`,
    reason: /no word for mutexName/,
  },
  {
    what: 'a component inside itself',
    text: fixture('pipelines/nested').replace(/name: comp-repeat$/m, 'name: comp-inner'),
    reason: /contains itself/,
  },
];

describe('generated Python', () => {
  it.each(refused)('refuses $what', ({ text, reason }) => {
    const generated = generate(text);
    expect(generated.kind).toBe('refused');
    expect(generated.kind === 'refused' ? generated.reason : '').toMatch(reason);
  });

  it('reads like what a person writes', () => {
    const generated = generate(fixture('pipelines/loop_of_branches'));
    const text = generated.kind === 'python' ? generated.text : '';
    expect(text).toContain('with dsl.ParallelFor(');
    expect(text).toContain('with dsl.Else():');
    expect(text).not.toContain('pipelinechannel');
  });
});
