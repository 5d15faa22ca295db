/** What a pod's status says, in one sentence for people. */
import { constants } from 'node:os';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import { STEP_CONTAINER } from './podSpec.ts';

export interface PodFailure {
  readonly message: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** Why it doesn't run yet: no node, no image, a missing secret. `undefined` while nothing is wrong. */
export function pendingReason({ status }: Pod): string | undefined {
  if (status?.phase !== 'Pending') return undefined;
  const unschedulable = status.conditions?.find(
    ({ type, status: is, reason }) => type === 'PodScheduled' && is === 'False' && reason === 'Unschedulable',
  );
  if (unschedulable !== undefined) return `No node for it: ${unschedulable.message ?? 'none fits.'}`;
  const waiting = status.containerStatuses?.find(({ name }) => name === STEP_CONTAINER)?.state?.waiting;
  if (waiting?.reason === undefined || QUIET.has(waiting.reason)) return undefined;
  return waiting.message === undefined ? waiting.reason : `${waiting.reason}: ${waiting.message}`;
}

/** What an image that can't be had says; `undefined` while that isn't so. */
export function imageFailure({ status }: Pod): string | undefined {
  const waiting = status?.containerStatuses?.find(({ name }) => name === STEP_CONTAINER)?.state?.waiting;
  if (waiting?.reason === undefined || !NO_IMAGE.has(waiting.reason)) return undefined;
  return waiting.message ?? 'Its image can’t be had.';
}

const NO_IMAGE = new Set(['ErrImagePull', 'ErrImageNeverPull', 'InvalidImageName']);

const QUIET = new Set(['ContainerCreating', 'PodInitializing']);

/** `undefined` when it ended well. */
export function failureOf({ status }: Pod, kubernetes: JsonObject): PodFailure | undefined {
  if (status?.phase === 'Succeeded') return undefined;
  const terminated = status?.containerStatuses?.find(({ name }) => name === STEP_CONTAINER)?.state
    ?.terminated;
  const exitCode = terminated?.exitCode ?? null;
  const signal = exitCode === null ? null : signalOf(exitCode);
  return { message: sentence(status, terminated?.reason, exitCode, signal, kubernetes), exitCode, signal };
}

function sentence(
  status: Pod['status'],
  reason: string | undefined,
  exitCode: number | null,
  signal: string | null,
  kubernetes: JsonObject,
): string {
  if (status?.reason === 'DeadlineExceeded')
    return `It was stopped because its time limit of ${Number(kubernetes['activeDeadlineSeconds'] ?? 0)} s was over.`;
  if (status?.reason !== undefined) return status.message ?? `Its pod ended: ${status.reason}.`;
  if (reason === 'OOMKilled') return 'It was killed because it used more memory than its limit allows.';
  if (signal !== null)
    return `It was ended by ${signal}${signal === 'SIGKILL' ? ', perhaps for lack of memory' : ''}.`;
  return exitCode === null
    ? 'Its pod failed without having started.'
    : `It ended with exit code ${exitCode}.`;
}

/** 128 + n is what a shell and a kubelet say of signal n. */
function signalOf(exitCode: number): string | null {
  return Object.entries(constants.signals).find(([, number]) => 128 + number === exitCode)?.[0] ?? null;
}
