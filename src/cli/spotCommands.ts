/** The words of `slipway spot`; their code loads when they run. */
import type { Command, Option } from './command.ts';

const NONE = { min: 0, max: 0 } as const;
const ANY = { min: 0, max: Number.POSITIVE_INFINITY } as const;

const MANNER: Readonly<Record<string, Option>> = {
  as: { type: 'string', value: 'gke|nth|karpenter|vanish', help: 'Whose signs it gives (gke unless said)' },
  notice: { type: 'string', value: '30s', help: 'How long before its end it is told' },
  'keep-node': { type: 'boolean', help: 'Leave the Node object, NotReady' },
};

export const spotCommands: readonly Command[] = [
  {
    name: 'spot status',
    help: 'The simulated GPU nodes, and which are there',
    argumentCount: NONE,
    options: { json: { type: 'boolean', help: 'Machine-readable output' } },
    run: async (input) => (await import('./spot.ts')).spotStatus(input),
  },
  {
    name: 'spot pool',
    help: 'How many GPU nodes there may be, and whose labels and taints they have',
    argumentCount: NONE,
    options: {
      provider: { type: 'string', value: 'gke|eks|karpenter|aks', help: 'The cloud they pretend to be in' },
      spot: { type: 'string', value: 'N', help: 'Spot nodes' },
      'on-demand': { type: 'string', value: 'N', help: 'On-demand nodes' },
    },
    run: async (input) => (await import('./spot.ts')).spotPool(input),
  },
  {
    name: 'spot interrupt',
    help: 'Take a spot node away',
    arguments: 'NODE',
    argumentCount: { min: 1, max: 1 },
    options: MANNER,
    run: async (input) => (await import('./spot.ts')).spotInterrupt(input),
  },
  {
    name: 'spot dry-up',
    help: 'Take all spot nodes away: there are none until restore',
    argumentCount: NONE,
    options: MANNER,
    run: async (input) => (await import('./spot.ts')).spotDryUp(input),
  },
  {
    name: 'spot restore',
    help: 'Bring nodes back, all or those named',
    arguments: '[NODE…]',
    argumentCount: ANY,
    options: {},
    run: async (input) => (await import('./spot.ts')).spotRestore(input),
  },
  {
    name: 'spot run',
    help: 'Play a market: a recorded trace, or rates and a seed',
    argumentCount: NONE,
    options: {
      ...MANNER,
      trace: { type: 'string', value: 'FILE', help: 'Recorded availability, JSON' },
      up: { type: 'string', value: '1h', help: 'Mean time that a node stays' },
      down: { type: 'string', value: '20m', help: 'Mean time until it is back' },
      seed: { type: 'string', value: 'N', help: 'The same seed gives the same market' },
      speed: { type: 'string', value: 'X', help: 'So many times faster than real time' },
    },
    run: async (input) => (await import('./spot.ts')).spotRun(input),
  },
];
