import type { ProblemRow } from '../../../../src/core/protocol/graphEdit.ts';
import type { EditStore } from './editStore.ts';

/** Chooses a problem of the list and brings its step into view. */
export function showProblem(edit: EditStore, problem: ProblemRow | undefined): void {
  if (problem === undefined) return;
  edit.set({ problem: problem.id });
  const { nodeId } = problem;
  if (nodeId === undefined || !edit.graph.getSnapshot().nodes.has(nodeId)) return;
  edit.graph.expose(nodeId);
  edit.geometry?.reveal(nodeId);
  edit.graph.announce(problem.message);
}

/** From the chosen one to the next, or the one before; around the ends. */
export function stepProblem(edit: EditStore, by: 1 | -1): void {
  const { problems, problem } = edit.getSnapshot();
  const at = problems.findIndex(({ id }) => id === problem);
  const { length } = problems;
  if (length > 0) showProblem(edit, problems[at === -1 && by < 0 ? length - 1 : (at + by + length) % length]);
}
