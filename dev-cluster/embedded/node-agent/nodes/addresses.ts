/** InternalIPs of nodes, `10.42.255.n`: a node keeps its own for as long as its folder is there. */
import { join } from 'node:path';
import { z } from 'zod';
import { readStateFile, writePrivateFile } from '../../files.ts';

const addresses = z.record(z.string(), z.int());
const LAST = 254;

/** By one agent at a time. `nodesFolder` holds the nodes' folders. */
export async function nodeAddress(
  nodesFolder: string,
  name: string,
  living: readonly string[],
): Promise<string> {
  const path = join(nodesFolder, 'addresses.json');
  const known = (await readStateFile(path, addresses)) ?? {};
  const kept = Object.fromEntries(Object.entries(known).filter(([node]) => living.includes(node)));
  const taken = new Set(Object.values(kept));
  let number = kept[name] ?? 1;
  if (kept[name] === undefined) while (taken.has(number)) number += 1;
  if (number > LAST) throw new Error(`There are more than ${LAST} nodes.`);
  await writePrivateFile(path, JSON.stringify({ ...kept, [name]: number }));
  return `10.42.255.${number}`;
}
