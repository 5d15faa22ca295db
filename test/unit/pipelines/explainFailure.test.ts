/** On logs of real failures: components run by kfp.dsl.executor_main, pip and uv (test/fixtures/failures). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { z } from 'zod';
import { lineInPython, offsetInYaml } from '../../../src/pipelines/componentSource.ts';
import { explainFailure, type FailureExplanation } from '../../../src/pipelines/explainFailure.ts';
import type { PythonFunction } from '../../../src/core/ir/model.ts';

const fixture = z.object({
  functionName: z.string(),
  exitCode: z.int(),
  source: z.string().nullable(),
  log: z.string(),
});

function python(functionName: string, source: string): PythonFunction {
  return {
    functionName,
    source,
    packages: [],
    pipIndexUrls: [],
    pipTrustedHosts: [],
    kfpVersion: '2.17.0',
    sourceRange: { start: 0, end: 0 },
  };
}

function explain(name: string, error?: string): FailureExplanation {
  const { functionName, exitCode, source, log } = fixture.parse(
    JSON.parse(readFileSync(`test/fixtures/failures/${name}.json`, 'utf8')),
  );
  return explainFailure({
    taskName: functionName,
    // As the embedded service says it.
    error: error ?? (exitCode < 0 ? 'It was ended by SIGKILL.' : `It ended with exit code ${exitCode}.`),
    log,
    python: source === null ? undefined : python(functionName, source),
    attempts: 1,
  });
}

describe('a traceback', () => {
  test.each([
    ['module-not-found', 'moduleNotFound', 'import xgboost', 'xgboost is not installed'],
    ['value-error-in-library', 'wrongType', 'return model.fit(x, y)', 'not what the code expects'],
    ['file-not-found', 'missingFile', 'with open("/data/customers.csv") as source:', '/data/customers.csv'],
    ['key-error', 'missingKey', 'return int(frame["income"].sum())', "'income'"],
    ['chained', 'exception', 'raise RuntimeError(f"bad threshold: {text}") from error', ''],
    ['syntax-error', 'syntax', 'match rows', 'cannot read the component'],
    ['memory-error', 'outOfMemory', 'return int(np.ones((rows * 10**6, 10**6)).sum())', 'more memory'],
    ['assertion', 'assertion', 'assert rows > 100, f"only {rows} rows"', 'check in the code failed'],
    ['type-error', 'wrongType', 'total = rows + "1"', 'not what the code expects'],
    [
      'coloured-logging',
      'network',
      'raise ConnectionError("HTTPConnectionPool(host=\'features\', port=80): Max retries exceeded")',
      'could not reach a service',
    ],
  ])('%s: cause, and the first failing line of the user\u2019s code', (name, cause, line, sentence) => {
    const explanation = explain(name);
    expect({ cause: explanation.cause, line: explanation.source?.text.trim() }).toEqual({ cause, line });
    expect(explanation.likelyCause ?? '').toContain(sentence);
  });

  test('the reason names the step and the exception', () => {
    expect(explain('key-error').reason).toBe("split stopped with KeyError: 'income'");
    expect(explain('chained').reason).toBe('score stopped with RuntimeError: bad threshold: high');
  });

  test('the lines start at the user\u2019s code and end with the exception', () => {
    const { lines } = explain('value-error-in-library');
    expect(lines[0]).toMatch(/ephemeral_component\.py", line 13, in train/);
    expect(lines.at(-1)).toMatch(/^ValueError: This solver needs samples of at least 2 classes/);
    expect(lines.join('\n')).not.toMatch(/executor_main\.py|\^\^\^/);
    expect(lines.length).toBeLessThanOrEqual(12);
  });

  test('opens the source when that is what helps, tries again when the network failed', () => {
    expect(explain('type-error').action.id).toBe('openSource');
    expect(explain('coloured-logging').action.id).toBe('retry');
  });
});

describe('without a traceback', () => {
  test('what the step printed is told, not what the executor says of itself', () => {
    const explanation = explain('exit-code');
    expect(explanation.lines).toEqual(['the quota of team A is used up']);
    expect(explanation.reason).toBe('leave failed. It ended with exit code 3.');
    expect(explanation.source).toBeUndefined();
    expect(explanation.action.id).toBe('openLog');
  });

  test('killed from outside', () => {
    expect(explain('killed')).toMatchObject({ cause: 'killed', action: { id: 'retry' } });
    expect(explain('killed', 'exit code 137').cause).toBe('killed');
    expect(explain('killed', 'OOMKilled').cause).toBe('outOfMemory');
  });

  test.each(['pip-no-version', 'uv-no-version'])('%s names the package', (name) => {
    const explanation = explain(name);
    expect(explanation.cause).toBe('packageInstall');
    expect(explanation.likelyCause).toContain('scikit-learn==0.0.999');
    expect(explanation.action.id).toBe('openText');
  });

  test('the error of the service alone is enough', () => {
    const explanation = explainFailure({
      taskName: 'train',
      error: 'Python packages could not be installed (xgbost): not found',
      log: '',
      python: undefined,
      attempts: 0,
    });
    expect(explanation.likelyCause).toContain('xgbost');
    expect(explanation.lines).toEqual([]);
  });

  test('says how often it was tried', () => {
    const facts = { taskName: 'train', error: undefined, log: '', python: undefined };
    expect(explainFailure({ ...facts, attempts: 3 }).reason).toBe('train failed after 3 attempts.');
  });
});

test('any log: never throws, at most 12 lines', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'Traceback (most recent call last):',
      '  File "/x/ephemeral_component.py", line 3, in f',
      '  File "a", line 99999999999999999999, in <module>',
      'ValueError: x',
      '[KFP Executor 1 INFO]: Got executor_input:',
      '{',
      '',
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.string(), (lines, source) => {
      const explanation = explainFailure({
        taskName: 't',
        error: undefined,
        log: lines.join('\n'),
        python: python('f', source),
        attempts: 1,
      });
      expect(explanation.lines.length).toBeLessThanOrEqual(12);
      if (explanation.source !== undefined)
        expect(source.split('\n')[explanation.source.line - 1]).toBe(explanation.source.text);
    }),
  );
});

describe('from the component\u2019s source to the .py file', () => {
  const source = 'import kfp\n\ndef split(rows: int) -> int:\n    half = rows // 2\n    return half\n';
  const file =
    '@dsl.component(packages_to_install=[])\ndef split(rows: int) -> int:\n    half = rows // 2\n    return half\n';

  test('lines are counted from def, because decorators and imports differ', () => {
    expect(lineInPython(python('split', source), 4, file)).toBe(3);
  });

  test('an edited file: the same line if there is one, else nothing', () => {
    expect(lineInPython(python('split', source), 4, file.replace('-> int:\n', '-> int:\n    # new\n'))).toBe(
      4,
    );
    expect(lineInPython(python('split', source), 4, file.replace('rows // 2', 'rows // 3'))).toBeUndefined();
    expect(lineInPython(python('other', source), 4, file)).toBeUndefined();
  });

  test('the seed: each line of train() is found where it stands in churn.py', () => {
    const churn = readFileSync('dev-cluster/seed/pipelines/churn.py', 'utf8');
    const lines = churn.split('\n');
    const start = lines.findIndex((line) => line.startsWith('def train('));
    const end = lines.findIndex((line, at) => at > start && /^\S/.test(line) && !line.startsWith(')'));
    const compiled = `import kfp\nfrom kfp import dsl\n\n${lines.slice(start, end).join('\n')}`;
    for (let at = start; at < end; at++) {
      if (lines[at]?.trim() === '') continue;
      expect(lineInPython(python('train', compiled), at - start + 4, churn)).toBe(at + 1);
    }
  });

  test('a YAML scalar: the offset of the line, escapes included', () => {
    const code = 'def f():\n    print("a")\n';
    const yaml = `command:\n- "def f():\\n    print(\\"a\\")\\n"\n`;
    const start = yaml.indexOf('"def');
    const found = offsetInYaml({ ...python('f', code), sourceRange: { start, end: yaml.length } }, 2, yaml);
    expect(yaml.slice(found, found + 8)).toBe('print(\\"');
  });
});
