import type { GraphNode, PipelineGraph } from './graphModel.ts';

/** Ids of the tasks that run again when `nodeId` does: its own, and all that wait for it, in its groups and outside. */
export function tasksFrom(graph: PipelineGraph, nodeId: string): readonly string[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const reached = new Set<string>();
  const reach = (id: string): void => {
    if (reached.has(id)) return;
    reached.add(id);
    for (const edge of graph.edges) if (edge.from === id) reach(edge.to);
  };
  for (let node = nodes.get(nodeId); node !== undefined; node = nodes.get(node.parent ?? '')) {
    // A group around it runs again only as far as it waits for the node; what waits for the group does wholly.
    if (node.id === nodeId) reach(node.id);
    else for (const edge of graph.edges) if (edge.from === node.id) reach(edge.to);
  }
  const isInside = (node: GraphNode): boolean => {
    for (let one: GraphNode | undefined = node; one !== undefined; one = nodes.get(one.parent ?? ''))
      if (reached.has(one.id)) return true;
    return false;
  };
  return graph.nodes.filter((node) => node.kind === 'task' && isInside(node)).map(({ id }) => id);
}
