/** Our context in somebody's kubeconfig, next to what is there. */
import { isMap, isSeq, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { SlipwayError } from '../../../src/core/base/errors.ts';

const entry = z.looseObject({ name: z.string() });

const kubeconfigFile = z.object({
  clusters: z.tuple([entry]),
  users: z.tuple([entry]),
  contexts: z.tuple([entry]),
  'current-context': z.string(),
});

const LISTS = ['clusters', 'users', 'contexts'] as const;

/**
 * `text` with the one cluster, user and context of `kubeconfig` added, or replaced where it has their names already. All
 * else stays as it is, comments included; the current context changes only when there is none.
 */
export function mergeKubeconfig(text: string, kubeconfig: string): string {
  const ours = kubeconfigFile.parse(JSON.parse(kubeconfig));
  const document = parseDocument(text.trim() === '' ? 'apiVersion: v1\nkind: Config\n' : text);
  if (document.errors.length > 0 || !isMap(document.contents))
    throw new SlipwayError('notKubeconfig', 'The kubeconfig to merge into is not valid YAML.', {
      action: 'Repair it, or set KUBECONFIG to another file.',
    });
  for (const list of LISTS) replaceNamed(document, list, ours[list][0]);
  const current = document.get('current-context');
  if (typeof current !== 'string' || current === '') document.set('current-context', ours['current-context']);
  // As the file has its lists: kubectl doesn't indent them.
  const indentSeq = /^(clusters|users|contexts):\s*\n[ \t]+-/m.test(text);
  return document.toString({ lineWidth: 0, indentSeq, flowCollectionPadding: false });
}

function replaceNamed(document: Document.Parsed, list: string, added: z.infer<typeof entry>): void {
  const known = document.get(list);
  if (!isSeq(known)) {
    document.set(list, document.createNode([added]));
    return;
  }
  const index = known.items.findIndex((item) => isMap(item) && item.get('name') === added.name);
  const node = document.createNode(added);
  if (index === -1) known.add(node);
  else known.items[index] = node;
}
