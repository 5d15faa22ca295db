import { expect, it } from 'vitest';
import { expand } from '../../../dev-cluster/embedded/node-agent/environment/expansion.ts';

const values: Readonly<Record<string, string>> = {
  VAR_A: 'A',
  VAR_B: 'B',
  VAR_EMPTY: '',
  VAR_REF: '$(VAR_A)',
};

/** The table of Kubernetes' own expand_test.go. */
it.each([
  ['$(VAR_A)', 'A'],
  ['___$(VAR_B)___', '___B___'],
  ['$(VAR_A)-$(VAR_B)', 'A-B'],
  ['f000-$(VAR_EMPTY)', 'f000-'],
  ['$(VAR_REF)', '$(VAR_A)'],
  ['$$(VAR_A)', '$(VAR_A)'],
  ['$$$(VAR_A)', '$A'],
  ['$$$$(VAR_A)', '$$(VAR_A)'],
  ['$$$$$$$(VAR_A)', '$$$A'],
  ['$VAR_A', '$VAR_A'],
  ['$(VAR_DNE)', '$(VAR_DNE)'],
  ['$(VAR_A', '$(VAR_A'],
  ['$(VAR_A)$(VAR_B', 'A$(VAR_B'],
  ['foo$$(VAR_A)bar', 'foo$(VAR_A)bar'],
  ['$', '$'],
  ['\n', '\n'],
  ['$()', '$()'],
])('%s', (text, expected) => {
  expect(expand(text, (name) => values[name])).toBe(expected);
});
