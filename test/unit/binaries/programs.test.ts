/** The programs are those that the go.mod files pin. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changeSource } from '../../../dev-cluster/embedded/binaries/overlay.ts';
import {
  programFile,
  programFiles,
  programs,
  type Program,
} from '../../../dev-cluster/embedded/binaries/programs.ts';
import { resourcePath } from '../../../dev-cluster/embedded/python/resources.ts';

const modules = resourcePath('dev-cluster', 'embedded', 'binaries', 'modules');
const goMod = (module: string): string => readFileSync(join(modules, module, 'go.mod'), 'utf8');

describe.each(programs)('$name', ({ module, package: packageName, source, version }) => {
  it('is a tool of its module, at its version', () => {
    const text = goMod(module);
    const tools = [...text.matchAll(/^(?:tool )?\t?([\w./-]+)$/gm)].map(([, tool]) => tool);
    expect(tools).toContain(packageName);
    const required = text.split('\n').map((line) => line.trim().replace(/ \/\/ indirect$/, ''));
    expect(required).toContain(`${source} ${version}`);
    expect(packageName.startsWith(source)).toBe(true);
  });
});

it('every tool of every module is a program', () => {
  const tools = readdirSync(modules).flatMap((module) => {
    const block = /^tool(?: \(\n([^)]*)\)| (\S+))/m.exec(goMod(module));
    return (block?.[1] ?? block?.[2] ?? '').split(/\s+/).filter(Boolean);
  });
  expect(tools.toSorted()).toEqual(programs.map((program) => program.package).toSorted());
});

it('Kubernetes says the version that is pinned', () => {
  const { ldflags = '', version = '' } = programs.find(({ name }) => name === 'kube-apiserver') ?? {};
  const [major, minor] = version.slice(1).split('.');
  expect(ldflags).toContain(`gitVersion=${version} `);
  expect(ldflags).toContain(`gitMajor=${major ?? ''} `);
  expect(ldflags).toContain(`gitMinor=${minor ?? ''} `);
});

describe('A file', () => {
  const fileOf = (program: Program): string => programFile(program, 'darwin-arm64');

  it('has one program for each system, or those of one bundle', () => {
    const files = programFiles.map(fileOf);
    expect(files).toContain('etcd-v3.6.7-darwin-arm64');
    expect(new Set(files)).toEqual(new Set(programs.map(fileOf)));
    expect(new Set(files).size).toBe(files.length);
    const shared = programs.filter((one) => !programFiles.includes(one));
    expect(shared.map(({ name }) => name)).toEqual(['kube-controller-manager', 'kube-scheduler']);
  });

  it.each(programs.filter(({ bundle }) => bundle !== undefined))(
    'with $name in it has what upstream runs',
    ({ name, package: packageName, module, bundle }) => {
      const main = readFileSync(join(modules, module, bundle?.package ?? '', 'main.go'), 'utf8');
      expect(main).toContain(`"${packageName}/app"`);
      expect(main).toContain(`"${name}"`);
    },
  );
});

describe('A changed source', () => {
  const program = { name: 'kserve-manager', version: 'v0.20.0' } as const;
  const change = { from: 'Port: port,', to: 'Host: "127.0.0.1", Port: port,' };

  it('has the new words where the old were', () => {
    expect(changeSource('a{\n\tPort: port,\n}', [change], program)).toBe(
      'a{\n\tHost: "127.0.0.1", Port: port,\n}',
    );
  });

  it.each(['a{}', 'Port: port, Port: port,'])('is refused when it is not the one it was: %s', (text) => {
    expect(() => changeSource(text, [change], program)).toThrow(/kserve-manager v0\.20\.0/);
  });

  it('has a file name of its own in the cache and in releases', () => {
    const own = programFiles.filter((one) => one.changes !== undefined || one.bundle !== undefined);
    expect(own.map((one) => programFile(one, 'linux-amd64'))).toEqual([
      'kube-apiserver-v1.34.4-r1-linux-amd64',
      'kserve-manager-v0.20.0-r1-linux-amd64',
    ]);
    expect(programFiles.filter(({ revision }) => revision !== undefined)).toEqual(own);
  });
});
