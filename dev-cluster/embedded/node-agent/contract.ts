/** What the parts of the node agent know of each other. */
import type { Container, Pod } from '../../../src/clients/kubernetes/model.ts';

/** A process as it is really started: the image's profile applied, paths, ports and names rewritten to the host's. */
export interface ContainerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
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
