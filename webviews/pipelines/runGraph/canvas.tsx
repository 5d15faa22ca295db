/** The graph tab: the laid-out drawing, pan and zoom, minimap, search, and the keyboard. */
import {
  Controls,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore as useFlowStore,
  type Viewport,
} from '@xyflow/react';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
} from 'react';
import type { LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import type { CanvasAct } from '../../../src/core/protocol/canvasKeys.ts';
import { useSelected, useStore } from './context.ts';
import { DotGrid } from './dotGrid.tsx';
import { drawingElements } from './drawingElements.ts';
import { dragBox } from './edit/canvasGestures.ts';
import { useCanEdit, useEdit, useEditSelected } from './edit/context.ts';
import { actOf, editBy, useHostCommands, useKeyFocus } from './edit/keys.ts';
import { openCanvasMenu, openEdgeMenu, openNodeMenu } from './edit/menus.ts';
import type { Point } from './edit/ports.ts';
import { isBoxPress, SelectionBox } from './edit/selectionBox.tsx';
import { useGeometry } from './edit/useGeometry.ts';
import { edgeAt, EdgesPicture, useLivelyEdges } from './edgesPicture.tsx';
import { PipelineEdge, type CanvasEdge } from './graphEdges.tsx';
import { nodeElementId, PipelineNode, type CanvasNode } from './graphNodes.tsx';
import { nodeAt, Overview, OVERVIEW_BELOW_ZOOM, OVERVIEW_FROM_NODES } from './overview.tsx';
import { Legend } from './legend.tsx';
import { useDrawingMarks } from './marks.tsx';
import { GraphMiniMap } from './minimap.tsx';
import { GraphNavigator, type Direction } from './navigation.ts';
import { Search } from './search.tsx';
import { enterSidePanel } from './sidePanel.tsx';
import { moveDuration, promote, useFit, ZOOM } from './useFit.ts';
import { useReveal } from './useReveal.ts';
import { useSeen } from './useSeen.ts';

const nodeTypes = { pipeline: PipelineNode };
const edgeTypes = { pipeline: PipelineEdge };
const NO_NODES: CanvasNode[] = [];
const NO_EDGES: CanvasEdge[] = [];

/** Gliding more nodes than this to their places is no help to the eye. */
const GLIDE_UP_TO = 400;
const GLIDE_MS = 260;

export function Canvas({ drawing }: { drawing: LaidOutGraph }): ReactElement {
  return (
    <ReactFlowProvider>
      <Flow drawing={drawing} />
    </ReactFlowProvider>
  );
}

function Flow({ drawing }: { drawing: LaidOutGraph }): ReactElement {
  const store = useStore();
  const edit = useEdit();
  const canEdit = useCanEdit();
  const isWiring = useEditSelected((snapshot) => snapshot.wire !== undefined);
  const flow = useReactFlow();
  const root = useRef<HTMLDivElement>(null);
  const [isSearching, setSearching] = useState(false);
  // The canvas takes the focus when it opens: only the keyboard makes that visible.
  const [isKeyboard, setKeyboard] = useState(false);
  const active = useSelected((snapshot) => snapshot.active);
  const selected = useSelected((snapshot) => snapshot.view.selected);
  const canRun = useSelected(({ host }) => host?.canRun === true);
  const isStale = useSelected(({ host }) => host?.document.kind === 'drawn' && host.document.isStale);
  const scope = useSelected((snapshot) => snapshot.view.scope);
  const marks = useDrawingMarks();
  const view = useMemo(() => drawingElements(drawing, scope), [drawing, scope]);
  const canChooseEdges = canEdit || marks !== undefined;
  const { nodes, boxes } = view;
  const isLarge = nodes.length >= OVERVIEW_FROM_NODES;
  const lively = useLivelyEdges(view.edges);
  const seen = useSeen(view, isLarge ? lively : view.edges);
  const navigator = useMemo(() => new GraphNavigator(drawing), [drawing]);

  const reveal = useReveal(root, boxes);

  const goTo = useCallback(
    (nodeId: string | undefined): void => {
      if (nodeId === undefined) return;
      store.activate(nodeId);
      reveal(nodeId);
    },
    [reveal, store],
  );

  const move = (direction: Direction, isExtending: boolean): void => {
    const next = navigator.move(active, direction);
    // As in lists: Shift takes what the keyboard passes.
    if (isExtending && canEdit && active !== undefined && next !== undefined)
      store.selectAll([...new Set([...store.getSnapshot().selection, active, next])]);
    goTo(next);
  };
  const perform = (act: CanvasAct, isExtending = false): boolean => {
    if (editBy(edit, act)) return true;
    switch (act) {
      case 'up':
      case 'down':
      case 'left':
      case 'right':
      case 'first':
      case 'last':
        edit.afterEdits(() => move(act, isExtending));
        return true;
      case 'inspect':
        if (active !== undefined) openOrEnter(active);
        return true;
      case 'toggleGroup':
        if (active !== undefined && isGroup(nodes, active)) store.toggleGroup(active);
        return true;
      case 'back':
        store.select(undefined);
        return true;
      case 'run':
        if (canRun) store.act('run');
        return true;
      case 'find':
        setSearching(true);
        return true;
      case 'fit':
        fit();
        return true;
      case 'zoomToSelection':
        zoomToChosen();
        return true;
      case 'zoomIn':
        void flow.zoomIn({ duration: moveDuration() });
        return true;
      case 'zoomOut':
        void flow.zoomOut({ duration: moveDuration() });
        return true;
      default:
        return false;
    }
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.target !== root.current) return;
    const act = actOf(event);
    if (act === undefined || !perform(act, event.shiftKey)) return;
    event.preventDefault();
    // VS Code, whose keys these are, too, would do it once more.
    event.stopPropagation();
  };
  useHostCommands(perform);
  const keyFocus = useKeyFocus();

  const openOrEnter = (nodeId: string): void => {
    if (selected === nodeId) enterSidePanel();
    else store.select(nodeId);
  };

  const { isPlaced, fit, keep, follow, isKept } = useFit(view);
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  const isFar = useFlowStore((state) => state.transform[2] < OVERVIEW_BELOW_ZOOM);
  const isOverview = boxes.size >= OVERVIEW_FROM_NODES && (isFar || !isPlaced);
  useEffect(() => {
    if (selected !== undefined && selected !== '' && isKept()) reveal(selected);
  }, [selected, width, height, reveal, isKept]);

  // The host's wish, e.g. from the Problems panel; once the node is drawn.
  const wish = useSelected(({ host }) => host?.reveal);
  const isWishDrawn = wish !== undefined && boxes.has(wish.nodeId);
  useEffect(() => {
    if (wish === undefined || !isWishDrawn || !isPlaced) return;
    keep();
    reveal(wish.nodeId);
    // `wish` is a new object with every push.
  }, [wish?.count, isWishDrawn, isPlaced]);

  const zoomTo = (nodeIds: readonly string[]): void => {
    const drawn = nodeIds.map((id) => boxes.get(id)).filter((one) => one !== undefined);
    if (drawn.length === 0) return;
    const left = Math.min(...drawn.map((one) => one.x));
    const top = Math.min(...drawn.map((one) => one.y));
    const right = Math.max(...drawn.map((one) => one.x + one.width));
    const bottom = Math.max(...drawn.map((one) => one.y + one.height));
    const bounds = { x: left, y: top, width: right - left, height: bottom - top };
    keep();
    void flow.fitBounds(bounds, { duration: moveDuration(), padding: 0.2 });
  };
  const zoomToChosen = (): void => {
    const { selection } = store.getSnapshot();
    zoomTo(selection.size > 1 || active === undefined ? [...selection] : [active]);
  };

  useGeometry({ root, nodes, boxes, scope, reveal });
  const isGliding = useGlide(nodes);
  const [box, setBox] = useState<{ readonly from: Point; readonly to: Point }>();
  const startBox = (event: PointerEvent<HTMLDivElement>): void => {
    if (!isBoxPress(event, canEdit)) return;
    dragBox(edit, event, setBox, (from, to) => {
      const [a, b] = [flow.screenToFlowPosition(from), flow.screenToFlowPosition(to)];
      const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
      const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
      return nodes
        .filter(({ id, data: { isGroup, isOpen } }) => {
          const one = boxes.get(id);
          if (one === undefined) return false;
          // An open group only as a whole: a box inside it means its steps.
          return isGroup && isOpen
            ? one.x >= left && one.x + one.width <= right && one.y >= top && one.y + one.height <= bottom
            : one.x <= right && one.x + one.width >= left && one.y <= bottom && one.y + one.height >= top;
        })
        .map(({ id }) => id);
    });
  };

  /** In a large drawing edges are a picture, and their clicks are the pane's. */
  const picturedEdge = (at: Point): CanvasEdge | undefined =>
    isLarge && !isOverview ? edgeAt(view, flow.screenToFlowPosition(at), flow.getZoom()) : undefined;

  const closeSearch = (): void => {
    setSearching(false);
    root.current?.focus();
  };

  useEffect(() => {
    root.current?.focus({ preventScroll: true });
    // From wherever the focus is in the page.
    const onFind = (event: globalThis.KeyboardEvent): void => {
      if (actOf(event) !== 'find') return;
      event.preventDefault();
      event.stopPropagation();
      setSearching(true);
    };
    document.addEventListener('keydown', onFind);
    return () => document.removeEventListener('keydown', onFind);
  }, []);

  return (
    <div
      ref={root}
      className={`canvas${isStale ? ' stale' : ''}${isKeyboard ? ' keyboard' : ''}${canEdit ? ' editable' : ''}${
        isWiring ? ' wiring' : ''
      }${isGliding ? ' gliding' : ''}`}
      role="application"
      aria-label={`Pipeline graph. Arrow keys move along the edges, Enter opens a step, Enter again goes into it.${
        canEdit ? ' A adds a step, C connects, F2 renames, Delete deletes, Shift+F10 shows what else.' : ''
      }`}
      aria-roledescription="graph"
      aria-activedescendant={active === undefined ? undefined : nodeElementId(active)}
      tabIndex={0}
      data-testid="canvas"
      onKeyDown={onKeyDown}
      {...keyFocus}
      onKeyDownCapture={() => setKeyboard(true)}
      onKeyUpCapture={() => setKeyboard(true)}
      onPointerDownCapture={(event) => {
        setKeyboard(false);
        startBox(event);
      }}
      onMouseDownCapture={(event) => {
        // xyflow would move the drawing.
        if (isBoxPress(event, canEdit)) event.stopPropagation();
      }}
    >
      <ReactFlow
        nodes={isOverview ? NO_NODES : seen.nodes}
        edges={isOverview ? NO_EDGES : seen.edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        panActivationKeyCode={null}
        zoomActivationKeyCode={null}
        zoomOnDoubleClick={false}
        panOnScroll
        minZoom={ZOOM.min}
        maxZoom={ZOOM.max}
        attributionPosition="bottom-center"
        {...(store.viewport === undefined ? {} : { defaultViewport: store.viewport })}
        onMoveStart={() => promote(root.current, true)}
        onMoveEnd={(event, viewport: Viewport) => {
          promote(root.current, false);
          // Without an event it was not the user.
          if (!(event instanceof Event)) return;
          keep(viewport);
        }}
        onNodeClick={(event, node) => {
          root.current?.focus({ preventScroll: true });
          edit.set({ edge: undefined });
          // The form that opens must not move what the next press is meant for.
          if (canEdit) keep();
          store.activate(node.id);
          if (canEdit && (event.shiftKey || event.ctrlKey || event.metaKey)) store.toggleSelected(node.id);
          else store.select(node.id);
        }}
        onNodeDoubleClick={(_, node) => {
          if (node.data.isGroup) store.enter(node.id);
          else zoomTo([node.id]);
        }}
        onEdgeClick={(_, edge) => {
          if (!canChooseEdges) return;
          root.current?.focus({ preventScroll: true });
          store.select(undefined);
          edit.set({ edge: edge.id });
        }}
        onNodeContextMenu={(event, { data: { node } }) => {
          event.preventDefault();
          if (!canEdit) return;
          // As for a click: the form of the step must not move it away from its menu.
          keep();
          openNodeMenu(edit, node, { x: event.clientX, y: event.clientY });
        }}
        onEdgeContextMenu={(event, { data }) => {
          event.preventDefault();
          if (canEdit && data !== undefined)
            openEdgeMenu(edit, data.edge, { x: event.clientX, y: event.clientY });
        }}
        onPaneContextMenu={(event) => {
          event.preventDefault();
          if (!canEdit) return;
          const at = { x: event.clientX, y: event.clientY };
          const edge = picturedEdge(at);
          if (edge?.data === undefined) openCanvasMenu(edit, at, edit.geometry?.hit(at).group);
          else openEdgeMenu(edit, edge.data.edge, at);
        }}
        onPaneClick={(event) => {
          root.current?.focus({ preventScroll: true });
          const at = { x: event.clientX, y: event.clientY };
          const hit = isOverview ? nodeAt(boxes, flow.screenToFlowPosition(at)) : undefined;
          store.activate(hit ?? active);
          store.select(hit);
          edit.set({ edge: canChooseEdges ? picturedEdge(at)?.id : undefined });
        }}
      >
        {isOverview ? null : <DotGrid />}
        <Controls
          showInteractive={false}
          position="bottom-left"
          onFitView={follow}
          onZoomIn={() => keep()}
          onZoomOut={() => keep()}
        />
        {isLarge && !isOverview ? <EdgesPicture view={view} /> : null}
        {isOverview ? <Overview drawing={drawing} boxes={boxes} /> : null}
        {isOverview ? null : <GraphMiniMap view={view} />}
      </ReactFlow>
      {box === undefined ? null : <SelectionBox {...box} />}
      <Legend drawing={drawing} />
      {isSearching ? <Search drawing={drawing} onGoTo={goTo} onClose={closeSearch} /> : null}
    </div>
  );
}

function isGroup(nodes: readonly CanvasNode[], id: string): boolean {
  return nodes.find((node) => node.id === id)?.data.isGroup === true;
}

/** For a moment after the drawing changed: what stayed glides to its new place. */
function useGlide(nodes: readonly CanvasNode[]): boolean {
  const before = useRef(nodes);
  const [isGliding, setGliding] = useState(false);
  useLayoutEffect(() => {
    if (before.current === nodes) return undefined;
    before.current = nodes;
    if (nodes.length > GLIDE_UP_TO) return undefined;
    setGliding(true);
    const timer = setTimeout(() => setGliding(false), GLIDE_MS);
    return () => clearTimeout(timer);
  }, [nodes]);
  return isGliding;
}
