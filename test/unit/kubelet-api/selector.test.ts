import { describe, expect, it } from 'vitest';
import { labelSelector } from '../../../dev-cluster/embedded/node-agent/metrics-api/selector.ts';

describe('a label selector', () => {
  const labels = { app: 'web', 'serving.kserve.io/inferenceservice': 'iris', empty: '' };

  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web', true],
    ['app=api', false],
    ['app!=api', true],
    ['missing!=api', true],
    ['serving.kserve.io/inferenceservice=iris,app', true],
    ['app in (api, web),!old', true],
    ['app in (api)', false],
    ['app notin (api,db)', true],
    ['missing notin (api)', true],
    ['missing in (api)', false],
    ['!app', false],
    ['empty=', true],
    ['app,missing', false],
    ['toString', false],
  ])('%s: %s', (text, expected) => {
    expect(labelSelector(text)?.(labels)).toBe(expected);
  });

  it.each(['=web', 'app in web', 'app~web', 'app=web,,', 'a b'])('refuses %s', (text) => {
    expect(labelSelector(text)).toBeUndefined();
  });
});
