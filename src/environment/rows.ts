/** One row of the Environment view as plain data. */
import type { Node, Pod, Service } from '../clients/kubernetes/model.ts';
import type { CommandId } from '../contributions.ts';
import type { ComponentStatus } from './componentStatus.ts';
import type { Part } from './environment.ts';
import type { Forward } from './store.ts';

export interface RowIcon {
  /** Codicon. */
  readonly id: string;
  /** Theme colour. */
  readonly color: string | undefined;
}

interface Row {
  /** Unique in the tree and stable over refreshes: VS Code keeps selection and expansion by it. */
  readonly id: string;
  readonly parent: EnvironmentNode | undefined;
  readonly label: string;
  readonly description?: string | undefined;
  readonly icon?: RowIcon | undefined;
  /** First word: the kind; then flags that menus match (package.json, `view/item/context`). */
  readonly context: string;
  readonly expansion: 'leaf' | 'collapsed' | 'expanded';
  /** The state in a word, for screen readers: an icon says it to others. */
  readonly spoken?: string | undefined;
  /** What a click does; the row itself is the argument. */
  readonly command?: CommandId | undefined;
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

const failedIcon: RowIcon = { id: 'error', color: 'testing.iconFailed' };

/** A row that only says something; with a command, a click does what helps. */
export function message(
  parent: EnvironmentNode | undefined,
  label: string,
  icon: string,
  extra: { readonly description?: string; readonly command?: CommandId } = {},
): EnvironmentNode {
  return {
    kind: 'message',
    id: `${parent?.id ?? ''}/message`,
    parent,
    label,
    icon: { id: icon, color: undefined },
    context: 'message',
    expansion: 'leaf',
    ...extra,
  };
}

/** A failed look is a row that says what happened and tries again on click. */
export function failure(parent: EnvironmentNode | undefined, error: Error): EnvironmentNode {
  return {
    ...message(parent, error.message, 'error', {
      description: 'Click to try again',
      command: 'slipway.environment.refresh',
    }),
    id: `${parent?.id ?? ''}/failure`,
    icon: failedIcon,
    spoken: 'failed',
  };
}
