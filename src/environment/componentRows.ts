import { formatBytes } from '../clients/kubernetes/quantity.ts';
import type { RowIcon } from '../platform/treeRow.ts';
import type { ComponentStatus } from './componentStatus.ts';
import type { Part } from './environment.ts';
import type { EnvironmentNode } from './rows.ts';

const icons: Readonly<Record<string, RowIcon>> = {
  ready: { id: 'pass', color: 'testing.iconPassed' },
  starting: { id: 'loading~spin', color: 'charts.blue' },
  restarting: { id: 'loading~spin', color: 'charts.yellow' },
  waiting: { id: 'circle-outline', color: 'testing.iconQueued' },
  failed: { id: 'error', color: 'testing.iconFailed' },
  stopped: { id: 'circle-slash', color: 'testing.iconSkipped' },
};
const unknownIcon: RowIcon = { id: 'question', color: undefined };

/** Components of the embedded cluster: what each is, or, until it is ready, what it does. */
export function componentRows(
  parent: EnvironmentNode,
  components: readonly ComponentStatus[],
): readonly EnvironmentNode[] {
  return components.map((component) => {
    const { name, state, version, endpoint, memoryMiB, message } = component;
    return {
      kind: 'component',
      id: `component/${name}`,
      parent,
      name,
      component,
      label: name,
      description: describe(component),
      icon: icons[state] ?? unknownIcon,
      context: [
        'component',
        state,
        ...(state === 'stopped' || state === 'failed' ? ['startable'] : ['stoppable']),
        ...(endpoint === null ? [] : ['endpoint']),
        ...(isWebAddress(endpoint) ? ['web'] : []),
      ].join(' '),
      expansion: 'leaf',
      spoken: state,
      facts: [
        ['State', state],
        ['Version', version],
        ['Endpoint', endpoint ?? undefined],
        ['Memory', memoryMiB === null ? undefined : formatBytes(memoryMiB * 2 ** 20)],
        ['Says', message],
        ['Found', endpoint === null ? undefined : 'in the embedded cluster’s own status'],
      ],
    };
  });
}

function describe({ state, version, endpoint, memoryMiB, message, fraction }: ComponentStatus): string {
  if (state !== 'ready') {
    const percent = fraction === null ? '' : `${Math.round(fraction * 100)} % · `;
    return `${percent}${message === '' ? state : message}`;
  }
  return [
    // Tasks of ours just count theirs: that says nothing to people.
    version.includes('.') ? version : undefined,
    endpoint === null ? undefined : hostOf(endpoint),
    memoryMiB === null ? undefined : formatBytes(memoryMiB * 2 ** 20),
  ]
    .filter((one) => one !== undefined && one !== '')
    .join(' · ');
}

function hostOf(endpoint: string): string {
  return URL.parse(endpoint)?.host ?? endpoint;
}

/** For a browser; what speaks https asks for a certificate of its clients, and is for programs. */
function isWebAddress(endpoint: string | null): boolean {
  return endpoint?.startsWith('http:') === true;
}

/** Parts of a cluster that somebody else runs: found where, or looked for where. */
export function partRows(parent: EnvironmentNode, parts: readonly Part[]): readonly EnvironmentNode[] {
  return parts.map((part) => ({
    kind: 'part',
    id: `part/${part.name}`,
    parent,
    part,
    label: part.name,
    description: part.isFound ? part.where : 'not found',
    icon: part.isFound ? icons['ready'] : { id: 'circle-outline', color: 'testing.iconSkipped' },
    context: [
      'part',
      part.isFound ? 'found' : 'absent',
      ...(part.service === undefined ? [] : ['ports']),
    ].join(' '),
    expansion: 'leaf',
    spoken: part.isFound ? 'found' : 'not found',
    facts: [[part.isFound ? 'Found' : 'Not found', part.where]],
  }));
}
