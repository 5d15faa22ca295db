/** `slipway spot …`: the spot market of the embedded cluster. */
import { readFile } from 'node:fs/promises';
import { KubernetesApi } from '../clients/kubernetes/api.ts';
import { readEmbeddedEndpoints } from '../clients/embedded.ts';
import { delay } from '../core/base/abort.ts';
import { asError, isAbort, SlipwayError } from '../core/base/errors.ts';
import { readNodes } from '../../dev-cluster/embedded/node-agent/nodes/nodeSpec.ts';
import {
  interrupt,
  MANNERS,
  NOTICE_SECONDS,
  type Manner,
} from '../../dev-cluster/embedded/spot-market/interrupt.ts';
import {
  machines,
  poolNodes,
  readPool,
  restore,
  setPool,
} from '../../dev-cluster/embedded/spot-market/pool.ts';
import { isSpot, PROVIDERS } from '../../dev-cluster/embedded/spot-market/providers.ts';
import {
  parseTrace,
  rateChanges,
  traceChanges,
  type Change,
} from '../../dev-cluster/embedded/spot-market/schedule.ts';
import { UsageError, type ExitCode, type Input } from './command.ts';

export async function spotStatus({ flag }: Input): Promise<ExitCode> {
  const pool = await readPool();
  const now = await readNodes();
  const nodes = poolNodes(pool).map(({ name, labels }) => ({
    name,
    capacity: isSpot(labels) ? 'spot' : 'on-demand',
    state: now.find((node) => node.name === name)?.state.kind ?? 'gone',
  }));
  if (flag('json')) print(JSON.stringify({ provider: pool.provider, nodes }));
  else
    for (const { name, capacity, state } of nodes)
      print(`${name.padEnd(20)} ${capacity.padEnd(10)} ${state}`);
  return 0;
}

export async function spotPool({ values, signal }: Input): Promise<ExitCode> {
  const pool = await readPool();
  const provider = oneOf('provider', values('provider')[0] ?? pool.provider, PROVIDERS, 'spot pool');
  const spot = count('spot', values('spot')[0], pool.spot);
  const onDemand = count('on-demand', values('on-demand')[0], pool.onDemand);
  await setPool({ provider, spot, onDemand }, signal);
  print(`${spot} spot and ${onDemand} on-demand GPU nodes as ${provider} makes them.`);
  return 0;
}

export async function spotInterrupt(input: Input): Promise<ExitCode> {
  const [node = ''] = input.arguments;
  await interruptNode(node, await readOptions(input, 'spot interrupt'), input.signal);
  return 0;
}

/** No spot capacity: what there is is taken away, and none comes until `restore`. */
export async function spotDryUp(input: Input): Promise<ExitCode> {
  const options = await readOptions(input, 'spot dry-up');
  const nodes = (await readNodes()).filter(({ labels, state }) => isSpot(labels) && state.kind === 'ready');
  if (nodes.length === 0) print('There is no spot node.');
  await Promise.all(nodes.map(({ name }) => interruptNode(name, options, input.signal)));
  return 0;
}

export async function spotRestore({ arguments: names, signal }: Input): Promise<ExitCode> {
  const restored = await restore(names, signal);
  print(restored.length === 0 ? 'All of them are there.' : `Back: ${restored.join(', ')}.`);
  return 0;
}

/** Plays a market until Ctrl+C or the trace's end. */
export async function spotRun(input: Input): Promise<ExitCode> {
  const { values, signal } = input;
  const options = await readOptions(input, 'spot run');
  const speed = number('speed', values('speed')[0], 1);
  const nodes = poolNodes(await readPool())
    .filter(({ labels }) => isSpot(labels))
    .map(({ name }) => name);
  const openedAt = Date.now();
  const pending: Promise<void>[] = [];
  for (const { at, node, isUp } of await changes(input, nodes)) {
    await delay(Math.max(0, openedAt + (at * 1000) / speed - Date.now()), signal);
    print(`${new Date().toISOString()} ${node} ${isUp ? 'up' : 'down'}`);
    if (isUp) await restore([node], signal);
    // Its notice must not hold up the others; a node that is going already only says so.
    else pending.push(interruptNode(node, options, signal).catch(tell));
  }
  await Promise.all(pending);
  return 0;
}

async function changes({ values }: Input, nodes: readonly string[]): Promise<Iterable<Change>> {
  const [trace] = values('trace');
  if (trace !== undefined) return traceChanges(parseTrace(await readFile(trace, 'utf8')), nodes);
  const [up, down] = [values('up')[0], values('down')[0]];
  if (up === undefined || down === undefined)
    throw new UsageError('slipway spot run needs --trace FILE, or --up and --down.', 'spot run');
  const seed = number('seed', values('seed')[0], 1);
  return rateChanges({ seed, upSeconds: seconds('up', up), downSeconds: seconds('down', down) }, nodes);
}

interface Options {
  readonly manner: Manner;
  readonly noticeSeconds: number;
  readonly deleteNode: boolean;
  readonly api: KubernetesApi;
}

async function readOptions({ values, flag }: Input, command: string): Promise<Options> {
  const manner = oneOf('as', values('as')[0] ?? 'gke', MANNERS, command);
  const [notice] = values('notice');
  const { kubernetes } = (await readEmbeddedEndpoints()) ?? {};
  if (kubernetes === undefined)
    throw new SlipwayError('notStarted', 'The embedded cluster is not running.', {
      action: 'Run slipway up',
    });
  return {
    manner,
    noticeSeconds: notice === undefined ? NOTICE_SECONDS[manner] : seconds('notice', notice),
    deleteNode: !flag('keep-node'),
    api: KubernetesApi.fromFile(kubernetes.kubeconfig),
  };
}

async function interruptNode(node: string, options: Options, signal: AbortSignal): Promise<void> {
  const { api, manner, noticeSeconds, deleteNode } = options;
  const tools = { api, machines: machines(deleteNode), say: print };
  await interrupt({ node, manner, noticeSeconds, deleteNode }, tools, signal);
}

function tell(error: unknown): void {
  if (!isAbort(error)) print(asError(error).message);
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[], command: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new UsageError(`--${name} is one of ${allowed.join(', ')}.`, command);
  return found;
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3_600 };

/** `30s`, `2m`, `1.5h`; a number alone is seconds. */
function seconds(name: string, text: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  if (amount === undefined) throw new UsageError(`--${name} is a time, e.g. 30s or 2m.`, 'spot');
  return Number(amount) * (UNITS[unit] ?? 1);
}

function number(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new UsageError(`--${name} is a number above 0.`, 'spot');
  return value;
}

function count(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 50)
    throw new UsageError(`--${name} is a whole number from 0 to 50.`, 'spot pool');
  return value;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
