import { describe, expect, it } from 'vitest';
import { findCommand, overview, parseInput, usage, type Command } from '../../../src/cli/command.ts';

const command = (name: string, more: Partial<Command> = {}): Command => ({
  name,
  help: `Does ${name}`,
  argumentCount: { min: 0, max: 0 },
  options: {},
  run: () => Promise.resolve(0),
  ...more,
});

const run = command('pipeline run', {
  arguments: 'FILE',
  argumentCount: { min: 1, max: 1 },
  options: {
    param: { type: 'string', isMultiple: true, value: 'NAME=VALUE', help: 'A value' },
    json: { type: 'boolean', short: 'j', help: 'JSON' },
  },
});
const commands = [command('up'), run, command('pipeline'), command('internal', { isInternal: true })];
const { signal } = new AbortController();

describe('the command table', () => {
  it('finds the longest name that the words begin with', () => {
    expect(findCommand(commands, ['pipeline', 'run', 'x'])?.name).toBe('pipeline run');
    expect(findCommand(commands, ['pipeline', 'x'])?.name).toBe('pipeline');
    expect(findCommand(commands, ['upper'])).toBeUndefined();
  });

  it('reads flags, repeated values and arguments in any order', () => {
    const input = parseInput(
      run,
      ['pipeline', 'run', '--param', 'a=1', 'f.yaml', '-j', '--param=b=x=y'],
      signal,
    );
    expect(input?.arguments).toEqual(['f.yaml']);
    expect(input?.values('param')).toEqual(['a=1', 'b=x=y']);
    expect(input?.flag('json')).toBe(true);
    expect(input?.values('nothing')).toEqual([]);
  });

  it.each([
    [['pipeline', 'run'], 'slipway pipeline run needs FILE.'],
    [['pipeline', 'run', 'a', 'b'], 'slipway pipeline run does not take "b".'],
    [['pipeline', 'run', 'a', '--nope'], "Unknown option '--nope'"],
    [['pipeline', 'run', 'a', '--param'], '--param'],
  ])('refuses %j in one sentence', (args, said) => {
    expect(() => parseInput(run, args, signal)).toThrow(said);
  });

  it('hands out no input when help is asked for', () => {
    expect(parseInput(run, ['pipeline', 'run', 'f', '--help'], signal)).toBeUndefined();
  });

  it('makes its help from the table: everything but what is internal', () => {
    const text = overview(commands);
    for (const { help, isInternal } of commands) expect(text.includes(help)).toBe(isInternal !== true);
    expect(usage(run)).toContain('Usage: slipway pipeline run FILE [options]');
    expect(usage(run)).toContain('--param NAME=VALUE');
    expect(usage(run)).toContain('(may be repeated)');
    expect(usage(run)).toContain('-h, --help');
  });
});
