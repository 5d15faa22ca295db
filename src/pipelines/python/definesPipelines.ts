import { Range, type TextDocument } from 'vscode';

const lines = 5_000;

/** Cheap and rough: whether a Python file is worth compiling. `component`: one that has only components will do. */
export function definesPipelines(
  document: TextDocument,
  what: 'pipeline' | 'component' = 'pipeline',
): boolean {
  if (document.languageId !== 'python') return false;
  const text = document.getText(new Range(0, 0, lines, 0));
  return what === 'pipeline'
    ? /^@(?:(?:kfp\.)?dsl\.)?pipeline\b/m.test(text)
    : /^@(?:(?:kfp\.)?dsl\.)?(?:pipeline|component|container_component)\b/m.test(text);
}
