/** One row of the Environment view as plain data. */
import type { Node, Pod, Service } from '../clients/kubernetes/model.ts';
import { failure as failureRow, type TreeRow } from '../platform/treeRow.ts';
import type { ComponentStatus } from './componentStatus.ts';
import type { Part } from './environment.ts';
import type { Forward } from './store.ts';

interface Row extends TreeRow<EnvironmentNode> {
  /** Plain facts for the tooltip. */
  readonly facts?: readonly (readonly [string, string | undefined])[];
}

export type EnvironmentNode =
  | (Row & { readonly kind: 'environment' })
  | (Row & { readonly kind: 'group'; readonly group: 'components' | 'nodes' | 'services' | 'forwards' })
  | (Row & { readonly kind: 'component'; readonly name: string; readonly component: ComponentStatus })
  | (Row & { readonly kind: 'part'; readonly part: Part })
  | (Row & { readonly kind: 'node'; readonly name: string; readonly node: Node })
  /** Pods that have no node (yet). */
  | (Row & { readonly kind: 'unscheduled' })
  /** Pods of a node that will not start again. */
  | (Row & { readonly kind: 'ended'; readonly node: string })
  | (Row & { readonly kind: 'pod'; readonly namespace: string; readonly name: string; readonly pod: Pod })
  | (Row & {
      readonly kind: 'container';
      readonly namespace: string;
      readonly pod: string;
      readonly container: string;
    })
  | (Row & {
      readonly kind: 'service';
      readonly namespace: string;
      readonly name: string;
      readonly service: Service;
    })
  | (Row & { readonly kind: 'event' })
  | (Row & { readonly kind: 'forward'; readonly forward: Forward })
  | (Row & { readonly kind: 'message' });

/** A failed look is tried again on click. */
export function failure(parent: EnvironmentNode | undefined, error: Error): EnvironmentNode {
  return failureRow(parent, error, {
    description: 'Click to try again',
    command: 'slipway.environment.refresh',
  });
}
