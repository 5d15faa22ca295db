/** What the parts of the node agent know of each other. */
import type { Container, Pod } from '../../../src/clients/kubernetes/model.ts';
import type { ContainerEngine, EngineContainer } from './images/containerEngine.ts';

/** A process as it is really started: the image's profile applied, paths, ports and names rewritten to the host's. */
export interface ContainerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Of what runs beside the container's own process: where it is recorded. */
  readonly besidesFolder?: string | undefined;
  /** Set for the client of an engine that runs the container itself, at these ports of the machine. */
  readonly engine?: { readonly container: EngineContainer; readonly ports: readonly number[] };
}

/** A pod on the host, before its containers start. Made by `environment/`, kept for the pod's life. */
export interface PodSandbox {
  readonly pod: Pod;
  /** `10.42.x.y`. */
  readonly podIp: string;
  readonly hostIp: string;
  /** `<nodes folder>/<node>/pods/<uid>`: everything of the pod on the host is under it. */
  readonly folder: string;
  /** By the volume's name; absolute. */
  readonly volumes: ReadonlyMap<string, string>;
  /** Container port → host port, as in the pod's annotation `slipway.dev/host-ports`. */
  readonly hostPorts: ReadonlyMap<number, number>;
  /** Names of the containers that docker or podman runs. */
  readonly inEngine: ReadonlySet<string>;
}

/** What runs of a pod: made by `pods/`, read by `kubelet-api/`. */
export interface PodRuntime {
  readonly sandbox: PodSandbox;
  /** The pod as last seen, its status as last written. */
  readonly pod: Pod;
  readonly containers: ReadonlyMap<string, ContainerRuntime>;
  /** Where the pod's port is really served: 127.0.0.1 and this. */
  hostPort(port: number): number;
}

export interface ContainerRuntime {
  readonly spec: Container;
  readonly isRunning: boolean;
  /** Leader of the container's process group. */
  readonly pid: number | undefined;
  readonly startedAt: number | undefined;
  /**
   * Output as it came, stdout and stderr in one; rotated parts older first, the last one is written to now. Each has its
   * times beside it (logIndex.ts). At rotation the current file is copied to a new part, then truncated.
   */
  readonly logFiles: readonly string[];
  /** Of the instance before this one. */
  readonly previousLogFiles: readonly string[];
  /** Writes to the process's standard input, when its spec asks for one. */
  readonly stdinPath: string | undefined;
  /** The same environment, folder and rewritten paths for another program: exec, probes, hooks. */
  command(words: readonly string[]): ContainerCommand;
}

export interface PodDirectory {
  find(namespace: string, name: string): PodRuntime | undefined;
  all(): Iterable<PodRuntime>;
}

/** A node as far as its pods' surroundings depend on it. */
export interface PodHost {
  readonly name: string;
  /** Its InternalIP, `10.42.255.n`. */
  readonly ip: string;
  /** `<nodes folder>/<node>`: pods are in `pods/<uid>` under it. */
  readonly folder: string;
  /** What a container without limits may use, for `resourceFieldRef`: Kubernetes quantities. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** How an image runs here. Made by `images/`. */
export interface Image {
  /** As the pod names it. */
  readonly name: string;
  /** For the status' `imageID`. */
  readonly id: string;
  /** What a person should know, e.g. which Python it really is: one sentence for an Event. */
  readonly note: string | undefined;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** The image's own; the pod's goes over it. PATH is among it. */
  readonly env: Readonly<Record<string, string>>;
  /** Flags that name a port when the pod gives none, e.g. `--http_port` → 8080. */
  readonly portFlags: Readonly<Record<string, number>>;
  /** Runs the image as it is; the rest is the image's own then. */
  readonly engine?: ContainerEngine;
}

/** A container ready to start. */
export interface PreparedContainer {
  readonly command: ContainerCommand;
  /** What the container's `terminationMessagePath` is on the host; empty before each start. */
  readonly terminationMessageFile: string;
  /** The same surroundings for other words: exec, probes, hooks. */
  commandFor(words: readonly string[]): ContainerCommand;
}

/**
 * What containers get: folder, addresses, volumes, environment, rewritten paths and ports. One for all nodes of the agent
 * (`environment/podEnvironment.ts`). Errors are PodEnvironmentErrors, whose `reason` is the container's waiting reason or
 * the Event's, and whose message is the kubelet's.
 */
export interface PodEnvironment {
  /**
   * Before the first container: pod IP, host ports (and the pod's annotation about them), volumes mounted. Calling it again,
   * also after a restart of the agent, finds what is there. Throws `FailedMount`; to be tried again.
   */
  prepare(pod: Pod, host: PodHost, signal: AbortSignal): Promise<PodSandbox>;
  /** True when `image` will answer at once: *already present on machine*. */
  hasImage(container: Container, signal: AbortSignal): Promise<boolean>;
  /** Makes what the image needs (minutes at first). Throws `ErrImagePull`, `ErrImageNeverPull` or `InvalidImageName`. */
  image(container: Container, report: (line: string) => void, signal: AbortSignal): Promise<Image>;
  /** `attempt`: restarts before this start. Throws `CreateContainerConfigError` or `CreateContainerError`. */
  container(
    sandbox: PodSandbox,
    container: Container,
    image: Image,
    attempt: number,
    signal: AbortSignal,
  ): Promise<PreparedContainer>;
  /** The pod's object is another: labels and annotations in its volumes follow. */
  update(sandbox: PodSandbox, pod: Pod, signal: AbortSignal): Promise<void>;
  /** Names of emptyDir volumes that are larger than their sizeLimit, with what they use in bytes. */
  oversizedVolumes(sandbox: PodSandbox, signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** After its last process: volumes, ports and address are given back, the folder is deleted. */
  release(sandbox: PodSandbox, signal: AbortSignal): Promise<void>;
}

/** `runProbe` of `probes/`: one probe, once. `undefined` message: it passed. */
export interface ProbeResult {
  readonly passed: boolean;
  /** The kubelet's text for the Event, e.g. `HTTP probe failed with statuscode: 503`. */
  readonly message: string;
}

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

/** One instance of a container as its probes and hooks see it. Made by `pods/` at each start. */
export interface ProbedContainer {
  readonly pod: Pod;
  readonly spec: Container;
  /** ms since 1970: `initialDelaySeconds` count from here, also after a restart of the agent. */
  readonly startedAt: number;
  /** Where the container's port is really served, at 127.0.0.1. */
  hostPort(port: number): number;
  commandFor(words: readonly string[]): ContainerCommand;
}

export interface ProbeListener {
  /** The first outcome, and each change of it, by the thresholds. Of a startup probe: at most once. */
  onOutcome(kind: ProbeKind, passed: boolean): void;
  /** A single failure, for the Event *Unhealthy*: the kubelet's text without its `Liveness probe failed: `. */
  onFailure(kind: ProbeKind, message: string): void;
}

export type LifecycleHandler = NonNullable<NonNullable<Container['lifecycle']>['postStart']>;

/** Made by `probes/` (`probes/prober.ts`). */
export interface Prober {
  /** Runs the container's probes until the signal aborts; liveness and readiness begin when the startup probe has passed. */
  watch(container: ProbedContainer, listener: ProbeListener, signal: AbortSignal): Promise<void>;
  /** A postStart or preStop hook, once. Doesn't throw for a hook that fails. */
  runHook(container: ProbedContainer, hook: LifecycleHandler, signal: AbortSignal): Promise<ProbeResult>;
}
