import { compareMeaning, differenceText } from '../core/ir/python/sameMeaning.ts';
import type { CompileResult } from './pythonCompiler.ts';

export type Verified =
  /** `text`: the IR that the Python compiles to. */
  | { readonly kind: 'same'; readonly text: string }
  /** One line each; at least one. */
  | { readonly kind: 'different'; readonly lines: readonly string[] };

/** Whether Python that was generated from an IR text compiles to the same pipeline. */
export function verifyPython(ir: string, functionName: string, compiled: CompileResult): Verified {
  const different = (...lines: readonly string[]): Verified => ({ kind: 'different', lines });
  const [problem] = compiled.problems;
  if (problem !== undefined)
    return different(`the generated Python fails in line ${problem.line}: ${problem.message}`);
  const back = compiled.pipelines.find((one) => one.function === functionName);
  if (back === undefined) return different(`the generated Python has no pipeline ${functionName}.`);
  const compared = compareMeaning(ir, back.text);
  if (compared.kind === 'same') return { kind: 'same', text: back.text };
  return compared.kind === 'unreadable'
    ? different(compared.reason)
    : different(...compared.differences.map(differenceText));
}
