import { CodeLens, Range, type CodeLensProvider, type TextDocument } from 'vscode';
import { outlineOf } from './outline.ts';
import type { PythonParser } from './syntax.ts';

const mentionsKfp = /\b(?:component|pipeline)\b/;

/** Above components: run and debug one; above pipelines: run them, submit them, see them. */
export class PythonCodeLenses implements CodeLensProvider {
  readonly #parser: () => Promise<PythonParser>;

  constructor(parser: () => Promise<PythonParser>) {
    this.#parser = parser;
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const text = document.getText();
    if (!mentionsKfp.test(text)) return [];
    const parser = await this.#parser();
    const functions = parser.with(text, outlineOf);
    return functions.flatMap(({ kind, name, start }) => {
      const at = document.positionAt(start);
      const lens = (title: string, command: string): CodeLens =>
        new CodeLens(new Range(at, at), { title, command, arguments: [document.uri, name] });
      if (kind === 'containerComponent') return [];
      if (kind === 'component')
        return [
          lens('$(play) Run locally', 'slipway.python.runComponent'),
          lens('$(debug-alt) Debug', 'slipway.python.debugComponent'),
        ];
      return [
        lens('$(play) Run locally', 'slipway.python.runLocal'),
        lens('$(cloud-upload) Submit', 'slipway.python.submit'),
        lens('$(type-hierarchy) Open graph', 'slipway.python.openGraph'),
      ];
    });
  }
}
