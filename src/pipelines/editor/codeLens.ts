import { CodeLens, Range, type CodeLensProvider, type TextDocument } from 'vscode';
import { isPipelineDocument } from '../activeEditor.ts';

const anchor = /^pipelineInfo:|^\s*"pipelineInfo"\s*:/m;

/** Above `pipelineInfo`: the graph, and ▶. */
export class PipelineCodeLenses implements CodeLensProvider {
  provideCodeLenses(document: TextDocument): CodeLens[] {
    if (document.uri.scheme === 'slipway' || !isPipelineDocument(document)) return [];
    const found = anchor.exec(document.getText());
    if (found === null) return [];
    const at = document.positionAt(found.index);
    const range = new Range(at, at);
    return [
      new CodeLens(range, {
        title: '$(type-hierarchy) Open graph',
        command: 'slipway.pipeline.openGraph',
        arguments: [document.uri],
      }),
      new CodeLens(range, {
        title: '$(play) Run',
        command: 'slipway.pipeline.run',
        arguments: [document.uri],
      }),
    ];
  }
}
