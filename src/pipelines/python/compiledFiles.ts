/** IR files that are marked as compiled from a Python file, written anew when it was saved. */
import { basename } from 'node:path';
import { Uri, workspace } from 'vscode';
import type { CompiledPipeline } from '../../clients/pythonCompiler.ts';
import { compiledFrom, compileTargets, withCompiledFrom } from '../../core/ir/python/compiledFrom.ts';

/** Files without the mark stay as they are: somebody else writes them. */
export async function writeCompiled(
  python: Uri,
  text: string,
  pipelines: readonly CompiledPipeline[],
): Promise<void> {
  for (const target of compileTargets(text)) {
    const pipeline = pipelines.find((one) => one.function === target.function);
    if (pipeline === undefined) continue;
    const uri = Uri.joinPath(python, '..', target.path);
    const name = basename(python.path);
    const before = await workspace.fs.readFile(uri).then(
      (bytes) => new TextDecoder().decode(bytes),
      () => '',
    );
    const after = withCompiledFrom(pipeline.text, name);
    if (compiledFrom(before) === name && before !== after)
      await workspace.fs.writeFile(uri, new TextEncoder().encode(after));
  }
}
