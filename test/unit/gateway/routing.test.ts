import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RouteMatch } from '../../../dev-cluster/embedded/gateway/resources.ts';
import {
  comparePrecedence,
  compileMatch,
  durationMs,
  hasPathPrefix,
  hostMatches,
  intersectHostnames,
  weightedPicker,
  type RequestFacts,
} from '../../../dev-cluster/embedded/gateway/routing.ts';

const match = (part: Partial<RouteMatch>): RouteMatch => ({
  path: { type: 'PathPrefix', value: '/' },
  headers: [],
  queryParams: [],
  ...part,
});
const facts = (part: Partial<RequestFacts>): RequestFacts => ({
  method: 'GET',
  path: '/',
  query: '',
  headers: {},
  ...part,
});
const path = (type: 'Exact' | 'PathPrefix' | 'RegularExpression', value: string) => ({
  path: { type, value },
});

describe('a path match', () => {
  it.each([
    ['/foo', '/foo', true],
    ['/foo', '/foo/', true],
    ['/foo', '/foo/bar', true],
    ['/foo', '/foobar', false],
    ['/foo/', '/foo', true],
    ['/foo/', '/foo/bar', true],
    ['/foo/', '/foobar', false],
    ['/', '/anything', true],
  ])('prefix %s of %s: %s', (prefix, of, expected) => {
    expect(compileMatch(match(path('PathPrefix', prefix))).matches(facts({ path: of }))).toBe(expected);
  });

  it('exact is exact, case and trailing slash too', () => {
    const { matches } = compileMatch(match(path('Exact', '/Foo')));
    expect(['/Foo', '/foo', '/Foo/', '/Foo/x'].map((one) => matches(facts({ path: one })))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('a regular expression is of the whole path', () => {
    const { matches } = compileMatch(match(path('RegularExpression', '/v1/models/[\\w-]+:explain')));
    expect(matches(facts({ path: '/v1/models/iris-2:explain' }))).toBe(true);
    expect(matches(facts({ path: '/v1/models/iris:explain/more' }))).toBe(false);
    expect(() => compileMatch(match(path('RegularExpression', '(')))).toThrow(SyntaxError);
  });

  it('a prefix goes by segments', () => {
    const segment = fc.constantFrom('a', 'b', 'ab', '');
    fc.assert(
      fc.property(fc.array(segment), fc.array(segment), (of, prefix) => {
        const [whole, part] = [`/${of.join('/')}`, `/${prefix.filter((one) => one !== '').join('/')}`];
        const segments = part === '/' ? [] : part.slice(1).split('/');
        const expected = segments.every((one, index) => whole.slice(1).split('/')[index] === one);
        expect(hasPathPrefix(whole, part)).toBe(expected);
      }),
    );
  });
});

describe('headers, query and method', () => {
  it('are all needed', () => {
    const { matches } = compileMatch(
      match({
        method: 'POST',
        headers: [{ type: 'Exact', name: 'Version', value: 'two' }],
        queryParams: [{ type: 'RegularExpression', name: 'animal', value: 'wha.+' }],
      }),
    );
    const good = facts({ method: 'POST', headers: { version: 'two' }, query: 'x=1&animal=whale' });
    expect(matches(good)).toBe(true);
    expect(matches({ ...good, method: 'GET' })).toBe(false);
    expect(matches({ ...good, headers: { version: 'Two' } })).toBe(false);
    expect(matches({ ...good, query: 'animal=cat' })).toBe(false);
    expect(matches({ ...good, query: '' })).toBe(false);
  });

  it('of two entries for a header the first counts', () => {
    const { matches } = compileMatch(
      match({
        headers: [
          { type: 'Exact', name: 'color', value: 'red' },
          { type: 'Exact', name: 'COLOR', value: 'blue' },
        ],
      }),
    );
    expect(matches(facts({ headers: { color: 'red' } }))).toBe(true);
  });
});

describe('precedence', () => {
  const order = { creationTimestamp: '2026-01-01T00:00:00Z', namespacedName: 'a/a', rule: 0, match: 0 };
  const header = { type: 'Exact', name: 'h', value: 'v' } as const;
  // In the specification's order: each of these goes before all that follow it.
  const ranked = [
    match(path('Exact', '/a')),
    match(path('RegularExpression', '/a.*')),
    match({ ...path('PathPrefix', '/a/b'), method: 'GET' }),
    match({ ...path('PathPrefix', '/a/b'), headers: [header, { ...header, name: 'i' }] }),
    match({ ...path('PathPrefix', '/a/b'), headers: [header], queryParams: [header] }),
    match({ ...path('PathPrefix', '/a/b'), headers: [header] }),
    match({ ...path('PathPrefix', '/a/b'), queryParams: [header] }),
    match(path('PathPrefix', '/a/b')),
    match(path('PathPrefix', '/a')),
  ];

  it('orders any shuffle the same way', () => {
    const entries = ranked.map((one, index) => ({ index, match: compileMatch(one), order }));
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
        const indexes = [...shuffled].sort(comparePrecedence).map(({ index }) => index);
        expect(indexes).toEqual(ranked.map((_, index) => index));
      }),
    );
  });

  it('ties go to the older route, then by name, then by the rule’s place', () => {
    const compiled = compileMatch(match({}));
    const entries = [
      { match: compiled, order: { ...order, rule: 1 } },
      { match: compiled, order: { ...order, namespacedName: 'a/b' } },
      { match: compiled, order },
      {
        match: compiled,
        order: { ...order, namespacedName: 'z/z', creationTimestamp: '2025-01-01T00:00:00Z' },
      },
    ];
    const sorted = [...entries].sort(comparePrecedence);
    expect(sorted.map((one) => entries.indexOf(one))).toEqual([3, 2, 0, 1]);
  });
});

describe('host names', () => {
  const label = fc.constantFrom('a', 'b', 'example', 'com');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const pattern = fc.oneof(
    host,
    host.map((one) => `*.${one}`),
    fc.constant(''),
  );

  it.each([
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.badexample.com', false],
    ['example.com', 'example.com', true],
    ['', 'anything', true],
  ])('%s takes %s: %s', (one, name, expected) => {
    expect(hostMatches(one, name)).toBe(expected);
  });

  it('the intersection admits exactly the hosts that both admit', () => {
    fc.assert(
      fc.property(pattern, pattern, host, (a, b, name) => {
        const common = intersectHostnames(a, b);
        const inBoth = hostMatches(a, name) && hostMatches(b, name);
        expect(common !== undefined && hostMatches(common, name)).toBe(inBoth);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('weights', () => {
  it('every prefix of the picks is close to its shares', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 0.999, noNaN: true }), (given, start) => {
        const total = given.reduce((sum, weight) => sum + weight, 0);
        const pick = weightedPicker(given, start);
        const counts = given.map(() => 0);
        let worst = 0;
        for (let n = 1; n <= 500; n++) {
          const index = pick();
          if (index >= 0) counts[index] = (counts[index] ?? 0) + 1;
          for (const [at, weight] of given.entries())
            worst = Math.max(worst, Math.abs((counts[at] ?? 0) - (n * weight) / Math.max(total, 1)));
        }
        expect(worst).toBeLessThan(5);
        for (const [at, weight] of given.entries()) if (weight === 0) expect(counts[at]).toBe(0);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(total === 0 ? 0 : 500);
      }),
      { numRuns: 50 },
    );
  });
});

it.each([
  ['1h30m', 5_400_000],
  ['10s', 10_000],
  ['500ms', 500],
  ['1m1s1ms', 61_001],
  ['0s', undefined],
  [undefined, undefined],
])('the duration %s', (text, expected) => {
  expect(durationMs(text)).toBe(expected);
});
