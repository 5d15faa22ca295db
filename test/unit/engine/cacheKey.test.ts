/** Golden fingerprints from kubeflow/pipelines, backend/src/v2/cacheutils/cache_test.go. */
import { expect, test } from 'vitest';
import { customFingerprint, fingerprint } from '../../../dev-cluster/embedded/kfp/engine/cacheKey.ts';

const none = { parameters: new Map(), inputArtifacts: new Map(), outputArtifacts: [], pvcNames: [] };

test('equals upstream for inputs and outputs of all kinds', () => {
  expect(
    fingerprint({
      inputArtifacts: new Map([
        ['dataset_one', ['1']],
        ['dataset_two', ['2']],
      ]),
      inputParameters: new Map<string, string | number>([
        ['message', 'Some string value'],
        ['num_steps', 5],
      ]),
      outputArtifacts: [
        {
          name: 'model',
          type: {
            schemaTitle: '',
            schemaVersion: undefined,
            instanceSchema:
              'title: kfp.Model\ntype: object\nproperties:\n  framework:\n    type: string\n  framework_version:\n    type: string\n',
          },
          metadata: { name: 'model' },
        },
        {
          name: 'metrics',
          type: { schemaTitle: 'kfp.Metrics', schemaVersion: undefined, instanceSchema: undefined },
          metadata: { name: 'metrics' },
        },
      ],
      outputParameters: [
        { name: 'output_parameter_one', type: 'STRING' },
        // Upstream's vector has this one as INT, which is a wire name of the same enum's predecessor.
        { name: 'output_parameter_two', type: 'INT' as 'NUMBER_INTEGER' },
      ],
      image: 'python:3.11',
      cmdArgs: ['sh', 'ec', 'test'],
      pvcNames: [],
    }),
  ).toBe('b498530c9016917298999ec0b01f364a180f8a3862bea0fa672a383ca3f22e4e');
});

test('equals upstream without parameters', () => {
  expect(
    fingerprint({
      ...none,
      inputArtifacts: new Map([['dataset', ['10']]]),
      inputParameters: new Map(),
      outputParameters: [{ name: 'output_parameter', type: 'DOUBLE' as 'NUMBER_DOUBLE' }],
      image: 'python:3.11',
      cmdArgs: ['sh', 'ec', 'run'],
    }),
  ).toBe('3d9a2a778fa3174c6cfc6e639c507c265b5f21ef6e5b1dd70b236462cc6da464');
});

test("a user's key counts with the component's name only", () => {
  // printf 'comp-a\0key' | sha256sum
  expect(customFingerprint('comp-a', 'key')).toBe(
    '835bc74bc731d55ead8059ecf58bc814db79d3d7429f3a4b37b5f920f0b05621',
  );
});

test('escapes as Go does: a < in a command is part of the key', () => {
  const key = (text: string) =>
    fingerprint({ ...none, inputParameters: new Map(), outputParameters: [], image: '', cmdArgs: [text] });
  // printf '%s' '{"containerSpec":{"cmdArgs":["a\u003cb \u0026 c\u003e"]}}' | sha256sum
  expect(key('a<b & c>')).toBe('2025265b83d606ea3c1afb6ae8be0eed50c8a320633a345149724eff45db60d7');
});
