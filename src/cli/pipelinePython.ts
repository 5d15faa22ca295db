import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PythonEnvironments } from '../../dev-cluster/embedded/python/environments.ts';
import { resourcePath } from '../../dev-cluster/embedded/python/resources.ts';
import { PythonCompiler } from '../clients/pythonCompiler.ts';
import { verifyPython } from '../clients/verifyPython.ts';
import { parseWithDocuments } from '../core/ir/specDocuments.ts';
import { generatePython } from '../core/ir/python/generate.ts';
import type { ExitCode } from './command.ts';
import { readPipelineText } from './pipelineText.ts';

export interface PythonOptions {
  /** Compiles what was generated, and compares. */
  readonly verify: boolean;
  /** A path; undefined: stdout, unless only verifying was asked for. */
  readonly output: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * `slipway pipeline python FILE`: the pipeline as Python of the KFP SDK. 1: Python has no words for something in it, or
 * what was generated does not compile to the same pipeline; 2: the file cannot be read.
 */
export async function pipelinePython(file: string, options: PythonOptions): Promise<ExitCode> {
  const { signal } = options;
  const text = await readPipelineText(file, signal);
  const parsed = parseWithDocuments(text);
  if (parsed.kind === 'notPipeline') {
    console.error(`${file}: ${parsed.problem.message}`);
    return 1;
  }
  const generated = generatePython(parsed.document, parsed.documents.platformSpec);
  if (generated.kind === 'refused') {
    console.error(`${file}: ${generated.reason}`);
    return 1;
  }
  if (options.output !== undefined) await writeFile(options.output, generated.text, { signal });
  else if (!options.verify) process.stdout.write(generated.text);
  if (!options.verify) return 0;
  const failure = await verify(text, generated, options.output, signal);
  for (const line of failure) console.error(`${file}: ${line}`);
  if (failure.length === 0) console.error(`${file}: the generated Python compiles to the same pipeline.`);
  return failure.length === 0 ? 0 : 1;
}

/** What is wrong, one line each. */
async function verify(
  text: string,
  generated: { readonly text: string; readonly functionName: string },
  output: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const environments = new PythonEnvironments({ onProgress: (line) => console.error(`slipway: ${line}`) });
  const { python } = await environments.sdk(signal);
  const folder = await mkdtemp(join(tmpdir(), 'slipway-python-'));
  const compiler = new PythonCompiler(resourcePath('python', 'compile_pipelines.py'));
  try {
    const file = output === undefined ? join(folder, 'pipeline.py') : resolve(output);
    const compiled = await compiler.compile({ python, file, text: generated.text }, signal);
    const verified = verifyPython(text, generated.functionName, compiled);
    return verified.kind === 'same' ? [] : verified.lines;
  } finally {
    compiler.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}
