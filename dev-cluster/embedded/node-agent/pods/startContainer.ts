/** Brings one container of a pod up: its image, its surroundings, its process, its postStart hook. */
import { once } from 'node:events';
import { access, constants } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { asError, isSlipwayError } from '../../../../src/core/base/errors.ts';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import type { ProcessEnd } from '../../kfp/engine/attemptProcess.ts';
import type { ContainerCommand, Image, PodSandbox, PreparedContainer, ProbedContainer } from '../contract.ts';
import { goDuration } from './crashBackOff.ts';
import type { EventType } from './events.ts';
import { Instance } from './instance.ts';
import type { PodContainer } from './podContainer.ts';
import type { PodContext } from './podContext.ts';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;
const FIRST_PULL_RETRY_MS = 10_000;
const LONGEST_PULL_RETRY_MS = 300_000;
/** `ErrImagePull` is shown this long before it says that it waits. */
const PULL_ERROR_SHOWN_MS = 1_000;

export interface StartOptions {
  readonly context: PodContext;
  readonly pod: Pod;
  readonly sandbox: PodSandbox;
  readonly container: PodContainer;
  /** Event about this container. */
  readonly event: (type: EventType, reason: string, message: string) => void;
  /** The status may be another now. */
  readonly onChange: () => void;
  /** A process lives. */
  readonly onLaunched: (launched: { readonly ended: Promise<ProcessEnd> }) => void;
  readonly signal: AbortSignal;
}

/** When to try again, in ms since 1970; `undefined` when it runs now (which isn't told yet), or has ended already. */
export async function startContainer(options: StartOptions): Promise<number | undefined> {
  const { container, event, onChange, pod, signal } = options;
  const now = Date.now();
  const { state } = container;
  if (state.kind === 'ended') {
    const startAt = container.backOff.startAt(state.end.finishedAt ?? 0);
    if (startAt > now) {
      const of = `restarting failed container=${container.spec.name} pod=${podName(pod)}`;
      const message = `back-off ${goDuration(container.backOff.delayMs)} ${of}`;
      if (container.waiting?.message !== message)
        event(
          'Warning',
          'BackOff',
          `Back-off restarting failed container ${container.spec.name} in pod ${podName(pod)}`,
        );
      container.waiting = { reason: 'CrashLoopBackOff', message };
      onChange();
      return startAt;
    }
  }
  if (container.retryAt > now) return waitOn(options);
  try {
    const hasRun = await bringUp(options);
    container.failures = 0;
    // Who never ran has no end to wait for: it is tried again like one that ended.
    return hasRun ? undefined : now;
  } catch (error) {
    if (signal.aborted) throw error;
    return failed(options, error);
  }
}

/** False when there was nothing to run. */
async function bringUp(options: StartOptions): Promise<boolean> {
  const { context, container, event, onChange, onLaunched, pod, sandbox, signal } = options;
  const { spec } = container;
  const image = await findImage(options);
  const attempt = container.nextAttempt;
  const prepared = await context.environment.container(sandbox, spec, image, attempt, signal);
  signal.throwIfAborted();
  const { state } = container;
  if (state.kind === 'ended') container.backOff.next(state.end.finishedAt ?? 0, Date.now());
  const instance = await Instance.create(container.folder, attempt, image.id);
  container.begin(instance, prepared);
  event('Normal', 'Created', `Created container: ${spec.name}`);
  const { command } = prepared;
  const problem = await whyNotStartable(command);
  if (problem !== undefined) {
    event('Warning', 'Failed', `Error: ${problem}`);
    await instance.refuse(128, 'StartError', problem);
    await container.finish();
    container.waiting = { reason: 'RunContainerError', message: problem };
    onChange();
    return false;
  }
  onLaunched(await instance.launch(command, spec.stdin === true));
  event('Normal', 'Started', `Started container ${spec.name}`);
  const hook = spec.lifecycle?.postStart;
  if (hook !== undefined) {
    const probed = probedContainer(pod, sandbox, container, prepared);
    const { passed, message } = await context.prober.runHook(probed, hook, signal);
    if (!passed) {
      event('Warning', 'FailedPostStartHook', `PostStartHook failed: ${message}`);
      event('Normal', 'Killing', 'FailedPostStartHook');
      await instance.kill();
      await container.ended;
      container.waiting = { reason: 'PostStartHookError', message };
      onChange();
      return true;
    }
  }
  container.waiting = undefined;
  await instance.save({ isUp: true });
  return true;
}

async function findImage({ context, container, event, signal }: StartOptions): Promise<Image> {
  const { environment } = context;
  const name = container.spec.image ?? '';
  const isPresent = await environment.hasImage(container.spec, signal);
  if (!isPresent) event('Normal', 'Pulling', `Pulling image "${name}"`);
  const began = Date.now();
  const image = await environment.image(container.spec, (line) => context.log(`${name}: ${line}`), signal);
  const took = `${((Date.now() - began) / 1000).toFixed(3)}s`;
  const pulled = isPresent
    ? `Container image "${name}" already present on machine`
    : `Successfully pulled image "${name}" in ${took} (${took} including waiting).`;
  event(
    'Normal',
    'Pulled',
    image.note === undefined ? pulled : `${pulled.replace(/\.$/, '')}. ${image.note}`,
  );
  return image;
}

/** What a container that failed to start waits for, and until when. */
function failed({ container, event, onChange }: StartOptions, error: unknown): number {
  const now = Date.now();
  const reason = isSlipwayError(error) ? error.reason : 'RunContainerError';
  const { message: problem } = asError(error);
  // `kubectl describe` is where people read what to do.
  const action = isSlipwayError(error) ? error.action : undefined;
  const message = action === undefined ? problem : `${problem} ${action}`;
  const name = container.spec.image ?? '';
  container.failures += 1;
  const backOff = 2 ** (container.failures - 1);
  const isPull = reason === 'ErrImagePull';
  container.retryAt =
    now +
    (isPull
      ? Math.min(FIRST_PULL_RETRY_MS * backOff, LONGEST_PULL_RETRY_MS)
      : Math.min(FIRST_RETRY_MS * backOff, LONGEST_RETRY_MS));
  if (isPull) event('Warning', 'Failed', `Failed to pull image "${name}": ${message}`);
  event('Warning', 'Failed', `Error: ${isPull || reason === 'ErrImageNeverPull' ? reason : message}`);
  container.waiting = { reason, message };
  onChange();
  return isPull ? now + PULL_ERROR_SHOWN_MS : container.retryAt;
}

function waitOn({ container, event, onChange }: StartOptions): number {
  if (container.waiting?.reason === 'ErrImagePull') {
    const message = `Back-off pulling image "${container.spec.image ?? ''}"`;
    event('Normal', 'BackOff', message);
    event('Warning', 'Failed', 'Error: ImagePullBackOff');
    container.waiting = {
      reason: 'ImagePullBackOff',
      message: `${message}: ErrImagePull: ${container.waiting.message ?? ''}`,
    };
    onChange();
  }
  return container.retryAt;
}

/** What the runtime would say; `undefined` when the program is there. */
async function whyNotStartable({ program, env, cwd, engine }: ContainerCommand): Promise<string | undefined> {
  for (const port of engine?.ports ?? [])
    if (await isListening(port))
      return `port ${port} is taken on this machine, whose network the container has: stop what listens there, or give the container another port`;
  if (program.includes('/')) {
    const path = isAbsolute(program) ? program : resolve(cwd, program);
    return access(path, constants.X_OK).then(
      () => undefined,
      (error: unknown) =>
        (error as NodeJS.ErrnoException).code === 'EACCES'
          ? `exec: "${program}": permission denied`
          : `exec: "${program}": stat ${path}: no such file or directory`,
    );
  }
  for (const folder of (env['PATH'] ?? '').split(delimiter))
    if (
      folder !== '' &&
      (await access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      return undefined;
  return `exec: "${program}": executable file not found in $PATH`;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export function probedContainer(
  pod: Pod,
  sandbox: PodSandbox,
  container: PodContainer,
  prepared: PreparedContainer,
): ProbedContainer {
  return {
    pod,
    spec: container.spec,
    startedAt: container.instance?.record.startedAt ?? Date.now(),
    hostPort: (port) => sandbox.hostPorts.get(port) ?? port,
    commandFor: (words) => ({
      ...prepared.commandFor(words),
      besidesFolder: container.instance?.besidesFolder,
    }),
  };
}

/** As the kubelet's `format.Pod`. */
function podName({ metadata }: Pod): string {
  return `${metadata?.name ?? ''}_${metadata?.namespace ?? ''}(${metadata?.uid ?? ''})`;
}
