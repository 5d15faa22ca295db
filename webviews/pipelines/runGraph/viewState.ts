/** What the user set up in the view: kept across reloads by the webview, unknown to the host. */
import { graphTabs, type GraphTab } from './tabs.ts';
import type { IterationChoice } from './fold.ts';

export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface ViewState {
  readonly tab: GraphTab;
  /** Node shown in the side panel; `''` is the run as a whole, `undefined` no panel. */
  readonly selected: string | undefined;
  /** The group shown as if it were the whole pipeline; '' is the whole. */
  readonly scope: string;
  /** One task of several behind the selected node. */
  readonly selectedTask: string | undefined;
  /** Groups drawn closed; `undefined`: the layout decides. */
  readonly collapsed: readonly string[] | undefined;
  readonly iterations: IterationChoice;
  readonly viewport: Viewport | undefined;
  /** Of the list and the timeline (outline.ts). */
  readonly toggled: readonly string[];
  readonly unfolded: readonly string[];
}

/** Takes what it understands from saved data of any age, and the defaults for the rest. */
export function parseViewState(saved: Record<string, unknown>): ViewState {
  const { tab, selected, scope, collapsed, iterations, viewport, toggled, unfolded } = saved;
  return {
    tab: graphTabs.find((one) => one === tab) ?? 'graph',
    selected: typeof selected === 'string' ? selected : undefined,
    scope: typeof scope === 'string' ? scope : '',
    selectedTask: undefined,
    collapsed: Array.isArray(collapsed) ? strings(collapsed) : undefined,
    iterations: parseIterations(iterations),
    viewport: parseViewport(viewport),
    toggled: strings(toggled),
    unfolded: strings(unfolded),
  };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function parseIterations(value: unknown): IterationChoice {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function parseViewport(value: unknown): Viewport | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { x, y, zoom } = value as Record<string, unknown>;
  return typeof x === 'number' && typeof y === 'number' && typeof zoom === 'number' && zoom > 0
    ? { x, y, zoom }
    : undefined;
}
