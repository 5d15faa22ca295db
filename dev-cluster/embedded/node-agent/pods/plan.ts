/** Which containers of a pod should be started now, as the kubelet's `computePodActions` decides it. */
import { isRestarted, pastEnd, type ContainerView, type RestartPolicy } from './containerView.ts';

/** In the order in which to start them. None while the pod waits for an init container or a sidecar to have started. */
export function containersToStart(
  containers: readonly ContainerView[],
  policy: RestartPolicy,
): readonly ContainerView[] {
  const wanted: ContainerView[] = [];
  // Once a container of the pod proper has run, init containers are history; sidecars still are kept running.
  const isInitialized = containers.some(({ role, state }) => role === 'main' && state.kind !== 'none');
  for (const container of containers) {
    const { role, state } = container;
    if (role === 'main') {
      if (isMissing(container, policy)) wanted.push(container);
    } else if (role === 'sidecar') {
      if (state.kind !== 'running') wanted.push(container);
      if (!isInitialized && !(state.kind === 'running' && container.hasStarted)) return wanted;
    } else if (!isInitialized && !(state.kind === 'ended' && state.end.exitCode === 0)) {
      if (isMissing(container, policy)) wanted.push(container);
      return wanted;
    }
  }
  return wanted;
}

/** True when nothing of the pod will run again: an init container failed for good, or all of the pod proper ended so. */
export function isFinished(containers: readonly ContainerView[], policy: RestartPolicy): boolean {
  const isOver = (container: ContainerView): boolean => {
    const end = pastEnd(container);
    return end !== undefined && !isRestarted(container.role, end.exitCode, policy);
  };
  const hasFailedInit = containers.some(
    (container) =>
      container.role === 'init' &&
      container.state.kind === 'ended' &&
      container.state.end.exitCode !== 0 &&
      isOver(container),
  );
  return hasFailedInit || containers.filter(({ role }) => role === 'main').every(isOver);
}

function isMissing(container: ContainerView, policy: RestartPolicy): boolean {
  if (container.state.kind === 'running') return false;
  const end = pastEnd(container);
  return end === undefined || isRestarted(container.role, end.exitCode, policy);
}
