import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathRewriter } from '../../../dev-cluster/embedded/node-agent/environment/pathRewriting.ts';

const rewriter = new PathRewriter([
  ['/mnt/models', '/host/models'],
  ['/mnt/models/sub', '/host/sub'],
  ['/tmp', '/host/tmp'],
  ['/etc/a+b (c)', '/host/special'],
]);

describe('paths of a container', () => {
  it.each([
    ['/mnt/models', '/host/models'],
    ['/mnt/models/', '/host/models/'],
    ['/mnt/models/x/y.txt', '/host/models/x/y.txt'],
    ['/mnt/models/sub/x', '/host/sub/x'],
    ['--model_dir=/mnt/models', '--model_dir=/host/models'],
    ['-I/mnt/models/include', '-I/host/models/include'],
    ['file:///mnt/models/m', 'file:///host/models/m'],
    ['/bin:/mnt/models/bin:/tmp/bin', '/bin:/host/models/bin:/host/tmp/bin'],
    ['a,/tmp/x;/tmp', 'a,/host/tmp/x;/host/tmp'],
    [
      'cat "/mnt/models/a" \'/tmp/b\' >/tmp/c 2>/tmp/d&& ls /tmp|wc',
      'cat "/host/models/a" \'/host/tmp/b\' >/host/tmp/c 2>/host/tmp/d&& ls /host/tmp|wc',
    ],
    ["open(f'/mnt/models/x')", "open(f'/host/models/x')"],
    ['{"path":"/mnt/models","l":["/tmp"]}', '{"path":"/host/models","l":["/host/tmp"]}'],
    [String.raw`"{\"path\":\"/mnt/models\"}"`, String.raw`"{\"path\":\"/host/models\"}"`],
    ['data=@/tmp/x', 'data=@/host/tmp/x'],
    ['/etc/a+b (c)/x', '/host/special/x'],
  ])('%s', (text, expected) => {
    expect(rewriter.rewrite(text)).toBe(expected);
  });

  it.each([
    ['a longer name', '/mnt/models2 /mnt/models-old /mnt/models.bak /mnt/models_x /mnt/modelsé'],
    ['a part of another path', '/data/mnt/models ./tmp ../tmp ~/tmp $HOME/tmp ${X}/tmp "$X"/tmp $(pwd)/tmp'],
    ['a name that the shell makes longer', '/mnt/models$X /mnt/models* /tmp?'],
    ['a URL', 'http://host/mnt/models s3://tmp/x https://tmp/tmp'],
  ])('leaves %s alone', (_, text) => {
    expect(rewriter.rewrite(text)).toBe(text);
  });

  it('takes each path once, also where the host has it under a container path', () => {
    const nested = new PathRewriter([
      ['/data', '/tmp/pod/data'],
      ['/tmp', '/tmp/pod/tmp'],
      ['/tmp/pod', '/tmp/pod'],
    ]);
    expect(nested.rewrite('/data /tmp/x /tmp/pod/data')).toBe('/tmp/pod/data /tmp/pod/tmp/x /tmp/pod/data');
  });

  it('rewrites every mount in any text of words and separators, and nothing else', () => {
    const name = fc.stringMatching(/^[a-z]{1,4}$/);
    const mounts = fc.uniqueArray(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const separator = fc.constantFrom(' ', '=', ':', ',', ';', ' "', "='", '\n', '>', '|', '&&', '(');
    fc.assert(
      fc.property(
        mounts.chain((paths) =>
          fc.tuple(
            fc.constant(paths),
            fc.array(
              fc.tuple(
                separator,
                fc.constantFrom(...paths),
                fc.constantFrom('', '/x', '/x.txt', '2', '-b', '.c', '_d'),
              ),
              { maxLength: 6 },
            ),
          ),
        ),
        ([paths, words]) => {
          const host = (path: string): string => `/HOST${paths.indexOf(path)}`;
          // Independent of the pattern: the longest mount that is the path itself or a folder above it.
          const expected = (path: string): string => {
            const mount = paths
              .filter((one) => path === one || path.startsWith(`${one}/`))
              .toSorted((a, b) => b.length - a.length)[0];
            return mount === undefined ? path : host(mount) + path.slice(mount.length);
          };
          const text = words.map(([before, path, after]) => before + path + after).join('');
          const wanted = words.map(([before, path, after]) => before + expected(path + after)).join('');
          expect(new PathRewriter(paths.map((path) => [path, host(path)])).rewrite(text)).toBe(wanted);
        },
      ),
    );
  });
});
