import {
  Disposable,
  Position,
  Range,
  TabInputCustom,
  window,
  workspace,
  type TextDocument,
  type Uri,
} from 'vscode';
import { editorType } from '../contributions.ts';
import { setContext } from '../platform/contextKeys.ts';
import { definesPipelines } from './python/definesPipelines.ts';
import { looksLikePipeline, sniffLength } from './sniff.ts';

/** True for an open document that is worth the graph worker's time. */
export function isPipelineDocument(document: TextDocument): boolean {
  if (document.languageId !== 'yaml' && document.languageId !== 'json') return false;
  if (/\.pipeline\.ya?ml$/.test(document.uri.path)) return true;
  // Up to 100 lines, so that a huge document is never copied whole.
  return looksLikePipeline(
    document.getText(new Range(new Position(0, 0), new Position(100, 0))).slice(0, sniffLength),
  );
}

/** The file whose graph is in front. */
export function activeGraph(): Uri | undefined {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof TabInputCustom && input.viewType === editorType ? input.uri : undefined;
}

/** Keeps the context key `slipway.isPipeline` in step with the active editor; tells when a pipeline is first seen. */
export function watchActiveEditor(onPipeline: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const document = window.activeTextEditor?.document;
    const isPipeline =
      activeGraph() !== undefined || (document !== undefined && isPipelineDocument(document));
    setContext('slipway.isPipeline', isPipeline);
    if (isPipeline || (document !== undefined && definesPipelines(document, 'component'))) onPipeline();
  };
  const lookSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(look, 200);
  };
  look();
  return Disposable.from(
    window.onDidChangeActiveTextEditor(look),
    window.tabGroups.onDidChangeTabs(look),
    window.tabGroups.onDidChangeTabGroups(look),
    workspace.onDidChangeTextDocument((event) => {
      if (event.document === window.activeTextEditor?.document) lookSoon();
    }),
    new Disposable(() => clearTimeout(timer)),
  );
}
