/** What can stand over the canvas; one at a time. */
import type { IconName } from '../../../shared/icons.ts';
import type { Point } from './ports.ts';
import type { Search } from './useSearch.ts';

export interface MenuAct {
  readonly label: string;
  readonly run: () => void;
  /** Shown beside it, e.g. `F2`. */
  readonly keys?: string;
  readonly isDisabled?: boolean;
}
export type MenuItem = MenuAct | 'separator';

export interface ChooserItem {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
  readonly icon: IconName;
  /** Heads the run of items that share it. */
  readonly group?: string;
  /** Why it cannot be chosen. */
  readonly refused?: string | undefined;
  readonly run: () => void;
}

/** What the forms of control flow are about. */
export type FlowForm =
  | { readonly kind: 'if'; readonly tasks: readonly string[] }
  | { readonly kind: 'elif'; readonly branch: string; readonly tasks: readonly string[] }
  | { readonly kind: 'condition'; readonly branch: string }
  | { readonly kind: 'loop'; readonly tasks: readonly string[] }
  | { readonly kind: 'setLoop'; readonly loop: string }
  | { readonly kind: 'exitHandler'; readonly tasks: readonly string[] }
  | { readonly kind: 'subPipeline'; readonly tasks: readonly string[] }
  | { readonly kind: 'oneOf'; readonly branches: string }
  | { readonly kind: 'input'; readonly group: string }
  /** The value of one input, typed where its dot is. */
  | { readonly kind: 'constant'; readonly task: string; readonly input: string; readonly type: string }
  | {
      readonly kind: 'output';
      readonly group: string;
      readonly from: { readonly task: string; readonly output: string } | undefined;
    }
  | { readonly kind: 'python'; readonly group: string };

/** `at`: in the page's pixels. */
export type Popup =
  | { readonly kind: 'menu'; readonly at: Point; readonly label: string; readonly items: readonly MenuItem[] }
  | {
      readonly kind: 'chooser';
      readonly at: Point;
      readonly label: string;
      readonly load: Search<readonly ChooserItem[]>;
    }
  | { readonly kind: 'rename'; readonly nodeId: string }
  /** In the middle of the page. */
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'form'; readonly at: Point; readonly form: FlowForm };
