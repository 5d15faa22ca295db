import { parseAllDocuments } from 'yaml';
import type { Case } from './cases.ts';

/** JSON is YAML, and has no folded lines that would hide what is looked for. */
export function editedPipeline(text: string, edits: Case['edits']): string {
  if (edits.length === 0) return text;
  return parseAllDocuments(text)
    .map((document) =>
      edits.reduce((json, [from, to]) => {
        if (!json.includes(from)) throw new Error(`The pipeline has no ${from}.`);
        return json.replaceAll(from, to);
      }, JSON.stringify(document.toJS())),
    )
    .join('\n---\n');
}
