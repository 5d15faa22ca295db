import type { PythonFunction, SourceRange } from './model.ts';

/** A string with the place of the YAML scalar that holds it. */
export interface PlacedText {
  readonly text: string;
  readonly range: SourceRange;
}

/**
 * What a lightweight component's command and args carry, or undefined for any other container. The SDK writes
 * `sh -c <pip install …> sh -ec <… kfp.dsl.executor_main …> <source>`; the function's name is in the args.
 */
export function readPythonFunction(
  command: readonly PlacedText[],
  args: readonly string[],
): PythonFunction | undefined {
  const launcher = command.findIndex(({ text }) => /kfp\S*\.executor_main\b/.test(text));
  const source = launcher === -1 ? undefined : command[launcher + 1];
  const functionName = args[args.indexOf('--function_to_execute') + 1];
  // A containerized component has no source in its command: its image holds it.
  if (source === undefined || functionName === undefined || !args.includes('--function_to_execute')) {
    return undefined;
  }
  const install: PipInstall = { packages: [], indexUrls: [], trustedHosts: [], kfpVersion: undefined };
  for (const { text } of command.slice(0, launcher)) readPipInstalls(text, install);
  return {
    functionName,
    source: source.text,
    packages: unique(install.packages),
    pipIndexUrls: unique(install.indexUrls),
    pipTrustedHosts: unique(install.trustedHosts),
    kfpVersion: install.kfpVersion,
    sourceRange: source.range,
  };
}

interface PipInstall {
  readonly packages: string[];
  readonly indexUrls: string[];
  readonly trustedHosts: string[];
  kfpVersion: string | undefined;
}

const flagsWithValue = new Set(['--index-url', '-i', '--extra-index-url', '--trusted-host', '-r', '-c']);

function readPipInstalls(script: string, into: PipInstall): void {
  for (const words of shellCommands(script)) {
    const start = words.findIndex((word, i) => word === 'install' && /^pip3?$/.test(words[i - 1] ?? ''));
    if (start === -1) continue;
    const packages: string[] = [];
    for (let i = start + 1; i < words.length; i++) {
      const [flag, inline] = splitFlag(words[i] ?? '');
      if (!flag.startsWith('-')) packages.push(words[i] ?? '');
      else if (flagsWithValue.has(flag)) {
        const value = inline ?? words[++i];
        if (value === undefined) continue;
        if (flag === '--trusted-host') into.trustedHosts.push(value);
        else if (flag === '--extra-index-url' || flag === '--index-url' || flag === '-i')
          into.indexUrls.push(value);
      }
    }
    // The SDK installs kfp itself with --no-deps, and with it a package that kfp needs on old Pythons.
    const installsKfp = words.includes('--no-deps');
    for (const requirement of packages) {
      const [, version] = /^kfp(?:\s*==\s*([^\s;]+)|\s*$|\s*[<>=~!;@[].*$)/.exec(requirement) ?? [];
      if (version !== undefined) into.kfpVersion = version;
      if (!installsKfp && !/^kfp(?![\w.-])/.test(requirement)) into.packages.push(requirement);
    }
  }
}

function splitFlag(word: string): readonly [string, string | undefined] {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  return equals === -1 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** The words of each simple command in a shell script, unquoted. Expansions stay as they are written. */
export function shellCommands(script: string): readonly (readonly string[])[] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (): void => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  for (let i = 0; i < script.length; i++) {
    const char = script.charAt(i);
    if (char === "'") {
      const close = script.indexOf("'", i + 1);
      const end = close === -1 ? script.length : close;
      word = (word ?? '') + script.slice(i + 1, end);
      i = end;
    } else if (char === '"') {
      word ??= '';
      for (i++; i < script.length && script.charAt(i) !== '"'; i++) {
        // Inside double quotes a backslash only escapes these.
        if (script.charAt(i) === '\\' && '$`"\\\n'.includes(script.charAt(i + 1))) i++;
        word += script.charAt(i);
      }
    } else if (char === '\\') {
      i++;
      if (script.charAt(i) !== '\n') word = (word ?? '') + script.charAt(i);
    } else if ('\n;&|()'.includes(char)) endCommand();
    else if (char === ' ' || char === '\t' || char === '\r') endWord();
    else word = (word ?? '') + char;
  }
  endCommand();
  return commands;
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
