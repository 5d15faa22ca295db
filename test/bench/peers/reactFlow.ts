/** React Flow alone: its own nodes and edges, no culling, no overview. What our canvas is measured beside. */
import '@xyflow/react/dist/style.css';
import { ReactFlow, type Edge, type Node } from '@xyflow/react';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';

export interface ReactFlowPeerData {
  readonly nodes: Node[];
  readonly edges: Edge[];
  /** Absent: fitted. */
  readonly viewport?: { readonly x: number; readonly y: number; readonly zoom: number };
}

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const data = event.data as ReactFlowPeerData;
  const root = document.getElementById('root');
  if (root === null || !Array.isArray(data.nodes)) return;
  createRoot(root).render(
    createElement(ReactFlow, {
      nodes: data.nodes,
      edges: data.edges,
      minZoom: 0.01,
      // It would run away under the wire that is measured.
      autoPanOnConnect: false,
      ...(data.viewport === undefined ? { fitView: true } : { defaultViewport: data.viewport }),
    }),
  );
});
