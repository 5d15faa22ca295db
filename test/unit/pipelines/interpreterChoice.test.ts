import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  chooseInterpreter,
  type InterpreterSources,
} from '../../../src/pipelines/python/interpreterChoice.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-interpreters-'));
  await mkdir(join(folder, '.venv', 'bin'), { recursive: true });
  await writeFile(join(folder, '.venv', 'bin', 'python'), '');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Everything is there, until a test takes it away. */
function sources(change: Partial<InterpreterSources<string>> = {}): InterpreterSources<string> {
  return {
    setting: '/set/python',
    extension: () => Promise.resolve(extension('/chosen/python')),
    file: '/project/a.py',
    folder,
    own: () => Promise.resolve('/own/python'),
    ...change,
  };
}

/** As https://github.com/microsoft/vscode-python-environments describes its API. */
function extension(path: string | undefined) {
  const ids = new Map<unknown, unknown>();
  return {
    environments: {
      getActiveEnvironmentPath: (file?: string) => {
        const id = { id: `of ${file ?? 'nothing'}`, path: 'any' };
        ids.set(id, { id: id.id, executable: { uri: path === undefined ? undefined : { fsPath: path } } });
        return id;
      },
      resolveEnvironment: (id: unknown) => Promise.resolve(ids.get(id)),
    },
  };
}

describe('the interpreter of a file', () => {
  test('is the one of the setting, whatever else there is', async () => {
    const made = { own: () => Promise.reject(new Error('made without need')) };
    expect(await chooseInterpreter(sources(made))).toEqual({ path: '/set/python', from: 'setting' });
  });

  test('is the Python extension’s choice for that file when nothing is set', async () => {
    let asked: string | undefined;
    const api = extension('/chosen/python');
    const choice = await chooseInterpreter(
      sources({
        setting: '',
        extension: () =>
          Promise.resolve({
            environments: {
              ...api.environments,
              getActiveEnvironmentPath: (file?: string) => {
                asked = file;
                return api.environments.getActiveEnvironmentPath(file);
              },
            },
          }),
      }),
    );
    expect(choice).toEqual({ path: '/chosen/python', from: 'pythonExtension' });
    expect(asked).toBe('/project/a.py');
  });

  test.each([
    ['there is no such extension', () => Promise.resolve(undefined)],
    ['it has chosen an environment without Python', () => Promise.resolve(extension(undefined))],
    [
      'it knows none',
      () =>
        Promise.resolve({
          environments: {
            getActiveEnvironmentPath: () => ({ id: '', path: '' }),
            resolveEnvironment: () => Promise.resolve(undefined),
          },
        }),
    ],
  ])('is the folder’s .venv when %s', async (_why, found) => {
    const choice = await chooseInterpreter(sources({ setting: '', extension: found }));
    expect(choice).toEqual({ path: join(folder, '.venv', 'bin', 'python'), from: 'venv' });
  });

  test('is Slipway’s own when there is no other, and for a file outside every folder', async () => {
    const without = { setting: '', extension: () => Promise.resolve(undefined) };
    const own = { path: '/own/python', from: 'slipway' };
    expect(await chooseInterpreter(sources({ ...without, folder: undefined }))).toEqual(own);
    await rm(join(folder, '.venv'), { recursive: true });
    expect(await chooseInterpreter(sources(without))).toEqual(own);
  });
});
