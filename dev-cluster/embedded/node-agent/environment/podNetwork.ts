/**
 * Addresses of pods: an IP that nobody routes, and for each container port that can be moved a port of the host. Written
 * down before they are used, so that a restarted agent gives nobody what a running pod has.
 */
import { z } from 'zod';
import { readStateFile, writePrivateFile } from '../../files.ts';
import { isFree } from '../../ports.ts';
import { SlipwayError } from '../../../../src/core/base/errors.ts';

/** Below the ephemeral ports of Linux and macOS, and below NodePorts. */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;
/** 10.42.255.n are nodes. */
const LAST_THIRD_OCTET = 254;

const stateFile = z.object({
  pods: z.record(
    z.string(),
    z.object({
      ip: z.string(),
      ports: z.record(z.string(), z.int()),
      /** `namespace/hostname.subdomain`, when it has one. */
      name: z.string().optional(),
    }),
  ),
  /** By `namespace/hostname.subdomain:port` or `namespace/service:port`: promised, while `users` exist. */
  peers: z.record(z.string(), z.object({ port: z.int(), users: z.array(z.string()) })),
});

export interface PodAddresses {
  readonly ip: string;
  /** Container port → host port. */
  readonly ports: ReadonlyMap<number, number>;
}

export interface PeerPort {
  readonly namespace: string;
  /** `hostname.subdomain` of a pod. */
  readonly name: string;
  readonly port: number;
}

export class PodNetwork {
  readonly #path: string;
  #state: z.infer<typeof stateFile> = { pods: {}, peers: {} };
  readonly #loaded: Promise<void>;
  #tail: Promise<unknown> = Promise.resolve();
  #nextPort = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));

  /** `path`: its state file. */
  constructor(path: string) {
    this.#path = path;
    this.#loaded = readStateFile(path, stateFile).then((state) => {
      if (state !== undefined) this.#state = state;
    });
    this.#loaded.catch(() => undefined);
  }

  /**
   * The pod's addresses: those it has, and a host port more for each of `ports` without one. `name`: the pod's own
   * `hostname.subdomain`, if it has one; ports promised under it are its ports. `ip`: what its status says already.
   */
  async allocate(
    uid: string,
    request: {
      readonly ports: readonly number[];
      readonly namespace: string;
      readonly name?: string;
      readonly ip?: string;
    },
  ): Promise<PodAddresses> {
    return this.#exclusively(async () => {
      const { namespace, name } = request;
      const known = this.#state.pods[uid];
      const pod = known ?? {
        ip: request.ip ?? this.#freeIp(),
        ports: {},
        ...(name === undefined ? {} : { name: `${namespace}/${name}` }),
      };
      let isChanged = known === undefined;
      for (const port of request.ports) {
        if (pod.ports[port] !== undefined) continue;
        isChanged = true;
        if (name === undefined) {
          pod.ports[port] = await this.#freePort();
          continue;
        }
        // What others were promised under this name; who asks for it later gets the same.
        const key = peerKey({ namespace, name, port });
        const reservation = this.#state.peers[key] ?? { port: await this.#freePort(), users: [] };
        reservation.users.push(uid);
        this.#state.peers[key] = reservation;
        pod.ports[port] = reservation.port;
      }
      this.#state.pods[uid] = pod;
      if (isChanged) await this.#save();
      return {
        ip: pod.ip,
        ports: new Map(Object.entries(pod.ports).map(([port, host]) => [Number(port), host])),
      };
    });
  }

  /** The host port at which the pod with this name serves, or will serve, its port. Kept while `uid` lives. */
  async reserve(uid: string, peer: PeerPort): Promise<number> {
    const [port = peer.port] = await this.reserveAll(uid, [peer]);
    return port;
  }

  /** The same for several, written down at once. */
  async reserveAll(uid: string, peers: readonly PeerPort[]): Promise<readonly number[]> {
    if (peers.length === 0) return [];
    return this.#exclusively(async () => {
      let isChanged = false;
      const ports: number[] = [];
      for (const peer of peers) {
        const key = peerKey(peer);
        const pod = Object.values(this.#state.pods).find(
          ({ name }) => name === `${peer.namespace}/${peer.name}`,
        );
        const promised = this.#state.peers[key];
        // It runs, and its port could not be moved: nobody was promised it.
        if (promised === undefined && pod !== undefined && pod.ports[peer.port] === undefined) {
          ports.push(peer.port);
          continue;
        }
        const reservation = promised ?? { port: await this.#freePort(), users: [] };
        this.#state.peers[key] = reservation;
        ports.push(reservation.port);
        if (reservation.users.includes(uid)) continue;
        reservation.users.push(uid);
        isChanged = true;
      }
      if (isChanged) await this.#save();
      return ports;
    });
  }

  /** Gives back what the pod has. */
  async release(uid: string): Promise<void> {
    return this.#exclusively(async () => {
      const { [uid]: known, ...others } = this.#state.pods;
      this.#state.pods = others;
      let isChanged = known !== undefined;
      for (const [key, { port, users }] of Object.entries(this.#state.peers)) {
        if (!users.includes(uid)) continue;
        const left = users.filter((user) => user !== uid);
        if (left.length > 0) this.#state.peers[key] = { port, users: left };
        else this.#state.peers = without(this.#state.peers, key);
        isChanged = true;
      }
      if (isChanged) await this.#save();
    });
  }

  /** Uids of the pods that have addresses: for sweeping up after a restart. */
  async pods(): Promise<readonly string[]> {
    return this.#exclusively(() => Promise.resolve(Object.keys(this.#state.pods)));
  }

  #freeIp(): string {
    const taken = new Set(Object.values(this.#state.pods).map(({ ip }) => ip));
    for (let third = 0; third <= LAST_THIRD_OCTET; third += 1) {
      for (let fourth = 1; fourth <= 254; fourth += 1) {
        const ip = `10.42.${third}.${fourth}`;
        if (!taken.has(ip)) return ip;
      }
    }
    throw new SlipwayError('noPodIp', 'All pod addresses are taken.', { action: 'Delete pods' });
  }

  async #freePort(): Promise<number> {
    const taken = new Set([
      ...Object.values(this.#state.pods).flatMap(({ ports }) => Object.values(ports)),
      ...Object.values(this.#state.peers).map(({ port }) => port),
    ]);
    for (let tried = 0; tried <= LAST_PORT - FIRST_PORT; tried += 1) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_PORT ? FIRST_PORT : port + 1;
      if (!taken.has(port) && (await isFree(port))) return port;
    }
    throw new SlipwayError('noPort', `No port between ${FIRST_PORT} and ${LAST_PORT} is free.`, {
      action: 'Delete pods',
    });
  }

  async #save(): Promise<void> {
    await writePrivateFile(this.#path, JSON.stringify(this.#state));
  }

  async #exclusively<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.#loaded).then(task);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}

function peerKey({ namespace, name, port }: PeerPort): string {
  return `${namespace}/${name}:${port}`;
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}
