/** The graph tab: the laid-out drawing, pan and zoom, minimap, search, and the keyboard. */
import {
  Background,
  BackgroundVariant,
  Controls,
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore as useFlowStore,
  type Viewport,
} from '@xyflow/react';
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactElement,
} from 'react';
import type { LaidOutGraph } from '../../../src/core/ir/graphModel.ts';
import { useSelected, useStore } from './context.ts';
import { drawingElements } from './drawingElements.ts';
import { PipelineEdge, type CanvasEdge } from './graphEdges.tsx';
import { nodeElementId, PipelineNode, type CanvasNode } from './graphNodes.tsx';
import { nodeAt, Overview, OVERVIEW_BELOW_ZOOM, OVERVIEW_FROM_NODES } from './overview.tsx';
import { GraphNavigator, type Direction } from './navigation.ts';
import { Search } from './search.tsx';
import { enterSidePanel } from './sidePanel.tsx';

const nodeTypes = { pipeline: PipelineNode };
const edgeTypes = { pipeline: PipelineEdge };
const NO_NODES: CanvasNode[] = [];
const NO_EDGES: CanvasEdge[] = [];

/** A minimap of thousands of nodes costs more than it shows. */
const MINIMAP_UP_TO = 1_500;
const ZOOM = { min: 0.05, max: 2 };
const FIT_PADDING = 0.04;

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Home: 'first',
  End: 'last',
};

export function Canvas({ drawing }: { drawing: LaidOutGraph }): ReactElement {
  return (
    <ReactFlowProvider>
      <Flow drawing={drawing} />
    </ReactFlowProvider>
  );
}

function Flow({ drawing }: { drawing: LaidOutGraph }): ReactElement {
  const store = useStore();
  const flow = useReactFlow();
  const root = useRef<HTMLDivElement>(null);
  const [isSearching, setSearching] = useState(false);
  // The canvas takes the focus when it opens: only the keyboard makes that visible.
  const [isKeyboard, setKeyboard] = useState(false);
  const active = useSelected((snapshot) => snapshot.active);
  const selected = useSelected((snapshot) => snapshot.view.selected);
  const isStale = useSelected(({ host }) => host?.document.kind === 'drawn' && host.document.isStale);
  const { nodes, edges, boxes } = useMemo(() => drawingElements(drawing), [drawing]);
  const navigator = useMemo(() => new GraphNavigator(drawing), [drawing]);

  /** Brings a node into view if it is not wholly there. */
  const reveal = useCallback(
    (nodeId: string): void => {
      const box = boxes.get(nodeId);
      const element = root.current;
      if (box === undefined || element === null) return;
      const { x, y, zoom } = flow.getViewport();
      const margin = 24;
      const left = box.x * zoom + x;
      const top = box.y * zoom + y;
      // Of a group that is larger than the view, the header is enough.
      const right = left + Math.min(box.width, 200) * zoom;
      const bottom = top + Math.min(box.height, 56) * zoom;
      const isSeen =
        left >= margin &&
        top >= margin &&
        right <= element.clientWidth - margin &&
        bottom <= element.clientHeight - margin;
      if (isSeen && zoom >= 0.4) return;
      void flow.setCenter(box.x + Math.min(box.width, 200) / 2, box.y + Math.min(box.height, 56) / 2, {
        zoom: Math.max(zoom, 0.8),
        duration: moveDuration(),
      });
    },
    [boxes, flow],
  );

  const goTo = useCallback(
    (nodeId: string | undefined): void => {
      if (nodeId === undefined) return;
      store.activate(nodeId);
      reveal(nodeId);
    },
    [reveal, store],
  );

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.target !== root.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = ARROWS[event.key];
    if (direction !== undefined) goTo(navigator.move(active, direction));
    else if (event.key === 'Enter' && active !== undefined) openOrEnter(active);
    else if (event.key === ' ' && active !== undefined && isGroup(nodes, active)) store.toggleGroup(active);
    else if (event.key === 'Escape') store.select(undefined);
    else if (event.key === 'r' || event.key === 'R') store.act('run');
    else if (event.key === 'f') fit();
    else if (event.key === 'z' && active !== undefined) zoomTo(active);
    else if (event.key === '+' || event.key === '=') void flow.zoomIn({ duration: moveDuration() });
    else if (event.key === '-') void flow.zoomOut({ duration: moveDuration() });
    else return;
    event.preventDefault();
  };

  const openOrEnter = (nodeId: string): void => {
    if (selected === nodeId) enterSidePanel();
    else store.select(nodeId);
  };

  // Until the user moves the drawing, it stays fitted: to the panel beside it, and to what is drawn.
  const isMoved = useRef(store.viewport !== undefined);
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);
  // Before the first fit, too: the drawing has no zoom of its own yet.
  const [isPlaced, setPlaced] = useState(store.viewport !== undefined);
  const isFar = useFlowStore((state) => state.transform[2] < OVERVIEW_BELOW_ZOOM);
  const isOverview = boxes.size >= OVERVIEW_FROM_NODES && (isFar || !isPlaced);
  /** The whole drawing, also where it has no elements. */
  const fit = useCallback(
    (duration = moveDuration()): void => {
      const room = { width: width * (1 - 2 * FIT_PADDING), height: height * (1 - 2 * FIT_PADDING) };
      const zoom = Math.max(ZOOM.min, Math.min(1, room.width / drawing.width, room.height / drawing.height));
      const [x, y] = [(width - drawing.width * zoom) / 2, (height - drawing.height * zoom) / 2];
      void flow.setViewport({ x, y, zoom }, { duration });
    },
    [flow, width, height, drawing],
  );
  useEffect(() => {
    if (width <= 0 || height <= 0) return;
    if (!isMoved.current) fit(0);
    setPlaced(true);
  }, [fit, width, height]);
  useEffect(() => {
    if (selected !== undefined && selected !== '' && isMoved.current) reveal(selected);
  }, [selected, width, reveal]);

  const zoomTo = (nodeId: string): void => {
    const box = boxes.get(nodeId);
    if (box !== undefined) void flow.fitBounds(box, { duration: moveDuration(), padding: 0.2 });
  };

  const closeSearch = (): void => {
    setSearching(false);
    root.current?.focus();
  };

  useEffect(() => {
    root.current?.focus({ preventScroll: true });
    // From wherever the focus is in the page.
    const onFind = (event: globalThis.KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'f' || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
      event.preventDefault();
      setSearching(true);
    };
    document.addEventListener('keydown', onFind);
    return () => document.removeEventListener('keydown', onFind);
  }, []);

  return (
    <div
      ref={root}
      className={`canvas${isStale ? ' stale' : ''}${isKeyboard ? ' keyboard' : ''}`}
      role="application"
      aria-label="Pipeline graph. Arrow keys move along the edges, Enter opens a step, Enter again goes into it."
      aria-roledescription="graph"
      aria-activedescendant={active === undefined ? undefined : nodeElementId(active)}
      tabIndex={0}
      data-testid="canvas"
      onKeyDown={onKeyDown}
      onKeyDownCapture={() => setKeyboard(true)}
      onKeyUpCapture={() => setKeyboard(true)}
      onPointerDownCapture={() => setKeyboard(false)}
    >
      <ReactFlow
        nodes={isOverview ? NO_NODES : nodes}
        edges={isOverview ? NO_EDGES : edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onlyRenderVisibleElements
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
        onMoveEnd={(event, viewport: Viewport) => {
          // Without an event it was not the user.
          if (!(event instanceof Event)) return;
          isMoved.current = true;
          store.saveViewport(viewport);
        }}
        onNodeClick={(_, node) => {
          root.current?.focus({ preventScroll: true });
          store.activate(node.id);
          store.select(node.id);
        }}
        onNodeDoubleClick={(_, node) => zoomTo(node.id)}
        onPaneClick={(event) => {
          root.current?.focus({ preventScroll: true });
          const hit = isOverview
            ? nodeAt(boxes, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
            : undefined;
          store.activate(hit ?? active);
          store.select(hit);
        }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
        <Controls
          showInteractive={false}
          position="bottom-left"
          onFitView={() => {
            isMoved.current = false;
            fit();
          }}
          onZoomIn={() => {
            isMoved.current = true;
          }}
          onZoomOut={() => {
            isMoved.current = true;
          }}
        />
        {isOverview ? <Overview drawing={drawing} boxes={boxes} /> : null}
        {nodes.length <= MINIMAP_UP_TO && !isOverview ? <GraphMiniMap drawing={drawing} /> : null}
      </ReactFlow>
      <Legend drawing={drawing} />
      {isSearching ? <Search drawing={drawing} onGoTo={goTo} onClose={closeSearch} /> : null}
    </div>
  );
}

/** Only while part of the drawing is out of sight. */
function GraphMiniMap({ drawing }: { drawing: LaidOutGraph }): ReactElement | null {
  // Any change of a status may change a colour.
  useSelected((snapshot) => snapshot.statuses);
  const store = useStore();
  const isAllSeen = useFlowStore(({ transform: [x, y, zoom], width, height }) =>
    [x, y, width - x - drawing.width * zoom, height - y - drawing.height * zoom].every(
      (space) => space >= -1,
    ),
  );
  if (isAllSeen) return null;
  return (
    <MiniMap<CanvasNode>
      pannable
      zoomable
      ariaLabel="Overview of the graph"
      style={{ width: 140, height: 96 }}
      nodeBorderRadius={6}
      nodeClassName={(node) =>
        `mini state-${store.statusOf(node.id)?.state.toLowerCase() ?? 'none'}${node.data.isGroup && node.data.isOpen ? ' mini-group' : ''}`
      }
    />
  );
}

function Legend({ drawing }: { drawing: LaidOutGraph }): ReactElement | null {
  const kinds = useMemo(() => new Set(drawing.graph.edges.map((edge) => edge.kind)), [drawing]);
  if (kinds.size === 0) return null;
  const text = { parameter: 'parameter', artifact: 'artifact', order: 'order only' } as const;
  return (
    <div className="legend" aria-hidden="true">
      {(['parameter', 'artifact', 'order'] as const)
        .filter((kind) => kinds.has(kind))
        .map((kind) => (
          <span key={kind}>
            <svg width="20" height="6" className={`edge edge-${kind}`}>
              <path className="react-flow__edge-path" d="M0,3 H20" />
            </svg>
            {text[kind]}
          </span>
        ))}
    </div>
  );
}

function isGroup(nodes: readonly CanvasNode[], id: string): boolean {
  return nodes.find((node) => node.id === id)?.data.isGroup === true;
}

function moveDuration(): number {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200;
}
