/** What pods get, put together: addresses, volumes, images, environment. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { slipwayHome } from '../../../../src/clients/embedded.ts';
import type { KubernetesApi } from '../../../../src/clients/kubernetes/api.ts';
import type { Pod } from '../../../../src/clients/kubernetes/model.ts';
import { parseQuantity } from '../../../../src/clients/kubernetes/quantity.ts';
import { asError } from '../../../../src/core/base/errors.ts';
import { HOST_PORTS_ANNOTATION, workloadOf } from '../../gateway/addresses.ts';
import { podProxyUrl } from '../../gateway/podProxy.ts';
import type { Image, PodEnvironment, PodHost, PodSandbox, PreparedContainer } from '../contract.ts';
import { ImageStore } from '../images/imageStore.ts';
import { type MountContext, mountVolume } from '../volumes/mounts.ts';
import { failure, refersTo } from '../volumes/payload.ts';
import { folderSize } from '../volumes/size.ts';
import { TokenSource } from '../volumes/tokens.ts';
import { ClusterObjects } from './clusterObjects.ts';
import { prepareContainer } from './containerEnvironment.ts';
import { PodEnvironmentError } from './errors.ts';
import { expand } from './expansion.ts';
import { NameRewriter, namedPorts, pairsInWords } from './nameRewriting.ts';
import { peerFinder } from './peers.ts';
import { PodNetwork } from './podNetwork.ts';
import { type Container, containersOf, peerName, type Volume } from './podSpec.ts';
import { PortRewriter } from './portRewriting.ts';
import { safePaths } from './safePaths.ts';
import { ServiceAddresses } from './serviceAddresses.ts';
import { apiServerVariables, serviceVariables } from './serviceVariables.ts';
import { containerVariables } from './variables.ts';

/** A token's new one is asked for this long after it should be, when that failed. */
const RETRY_MS = 30_000;

export interface PodEnvironmentOptions {
  readonly api: KubernetesApi;
  readonly home?: string;
  readonly images?: ImageStore;
  readonly onError?: (error: unknown) => void;
}

interface Prepared {
  pod: Pod;
  readonly host: PodHost;
  readonly sandbox: PodSandbox;
  readonly peers: NameRewriter;
  timer: NodeJS.Timeout | undefined;
}

export class LocalPodEnvironment implements PodEnvironment {
  readonly #api: KubernetesApi;
  readonly #home: string;
  readonly #images: ImageStore;
  readonly #objects: ClusterObjects;
  readonly #network: PodNetwork;
  readonly #serviceAddresses: ServiceAddresses;
  readonly #tokens: TokenSource;
  readonly #onError: (error: unknown) => void;
  readonly #prepared = new Map<string, Prepared>();
  #safePath: Promise<(path: string) => string> | undefined;
  #stop: AbortSignal | undefined;

  constructor({
    api,
    home = slipwayHome(),
    images = new ImageStore({ home }),
    onError = () => undefined,
  }: PodEnvironmentOptions) {
    this.#api = api;
    this.#home = home;
    this.#images = images;
    this.#onError = onError;
    this.#objects = new ClusterObjects(api, onError);
    this.#network = new PodNetwork(join(home, 'embedded', 'pod-network.json'));
    this.#serviceAddresses = new ServiceAddresses(api, this.#network);
    this.#tokens = new TokenSource(api);
  }

  /** Watches what pods refer to; nothing else works without. Resolves when the signal has aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#stop = signal;
    const subscriptions = [
      this.#objects.onDidChangeConfigMap(({ object }) => this.#onChange('configMap', object.metadata)),
      this.#objects.onDidChangeSecret(({ object }) => this.#onChange('secret', object.metadata)),
    ];
    try {
      await this.#objects.run(signal);
    } finally {
      for (const subscription of subscriptions) subscription.dispose();
      for (const { timer } of this.#prepared.values()) clearTimeout(timer);
    }
  }

  async prepare(pod: Pod, host: PodHost, signal: AbortSignal): Promise<PodSandbox> {
    const { uid = '', namespace = '' } = pod.metadata ?? {};
    const folder = join(host.folder, 'pods', uid);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const peers = await this.#reservePeers(pod);
    const inEngine = await this.#inEngine(pod);
    const name = peerName(pod);
    const { ip, ports } = await this.#network.allocate(uid, {
      namespace,
      ports: this.#movablePorts(pod, inEngine),
      ...(name === undefined ? {} : { name }),
      ...(pod.status?.podIP === undefined ? {} : { ip: pod.status.podIP }),
    });
    const hostPorts = new Map(
      [...ports, ...fixedPorts(pod, inEngine)].filter(([port, hostPort]) => port !== hostPort),
    );
    const mounting = { ...this.#mountContext(pod, host, ip), folder };
    const [volumes] = await Promise.all([
      this.#mountAll(pod, mounting, signal),
      this.#annotate(pod, hostPorts, signal),
    ]);
    const sandbox: PodSandbox = { pod, podIp: ip, hostIp: host.ip, folder, volumes, hostPorts, inEngine };
    clearTimeout(this.#prepared.get(uid)?.timer);
    this.#prepared.set(uid, { pod, host, sandbox, peers, timer: undefined });
    this.#scheduleTokens(uid);
    return sandbox;
  }

  async hasImage(container: Container, signal: AbortSignal): Promise<boolean> {
    return this.#images.has(container, signal);
  }

  async image(container: Container, report: (line: string) => void, signal: AbortSignal): Promise<Image> {
    return this.#images.get(container, report, signal);
  }

  async container(
    sandbox: PodSandbox,
    container: Container,
    image: Image,
    attempt: number,
    signal: AbortSignal,
  ): Promise<PreparedContainer> {
    const prepared = this.#prepared.get(sandbox.pod.metadata?.uid ?? '');
    if (prepared === undefined) throw new Error('The pod is not prepared.');
    const { pod, host, peers } = prepared;
    const apiServerUrl = (await this.#api.endpoint()).url;
    const { uid = '', namespace = '' } = pod.metadata ?? {};
    const links = apiServerVariables(apiServerUrl);
    if (pod.spec?.enableServiceLinks !== false) {
      const linked = await this.#objects.services(namespace);
      const loopback = await this.#serviceAddresses.ofRaw({ uid, namespace }, linked, signal);
      for (const [name, value] of serviceVariables(linked, loopback))
        if (!links.has(name)) links.set(name, value);
    }
    const variables = await containerVariables(
      container,
      {
        pod,
        podIp: sandbox.podIp,
        hostIp: sandbox.hostIp,
        allocatable: host.allocatable,
        objects: this.#objects,
        services: links,
      },
      signal,
    );
    const words = [...(container.command ?? []), ...(container.args ?? [])].map((word) =>
      expand(word, (name) => variables.get(name) ?? links.get(name)),
    );
    const services = await this.#serviceAddresses.rewriter(
      { uid, namespace },
      await this.#objects.services(),
      { words, variables },
      signal,
    );
    const caller = { namespace, workload: workloadOf(pod.metadata) };
    return prepareContainer(container, {
      sandbox,
      image,
      attempt,
      variables,
      serviceVariables: links,
      names: [peers, services],
      apiServerUrl,
      proxyUrl: await podProxyUrl(caller, signal, this.#home),
      home: this.#home,
      safePath: await this.#safePaths(),
    });
  }

  async update(sandbox: PodSandbox, pod: Pod, signal: AbortSignal): Promise<void> {
    const prepared = this.#prepared.get(sandbox.pod.metadata?.uid ?? '');
    if (prepared === undefined) return;
    prepared.pod = pod;
    const isAboutPod = ({ downwardAPI, projected }: Volume): boolean =>
      downwardAPI !== undefined ||
      (projected?.sources ?? []).some((source) => source.downwardAPI !== undefined);
    await this.#remount(prepared, isAboutPod, signal);
  }

  async oversizedVolumes(
    { pod, volumes }: PodSandbox,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    const oversized = new Map<string, number>();
    for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
      const folder = volumes.get(name);
      if (emptyDir?.sizeLimit === undefined || folder === undefined) continue;
      const size = await folderSize(folder, signal);
      if (size > parseQuantity(emptyDir.sizeLimit)) oversized.set(name, size);
    }
    return oversized;
  }

  async release({ pod, folder }: PodSandbox): Promise<void> {
    const { uid = '' } = pod.metadata ?? {};
    clearTimeout(this.#prepared.get(uid)?.timer);
    this.#prepared.delete(uid);
    this.#tokens.forget(uid);
    await rm(folder, { recursive: true, force: true });
    await this.#network.release(uid);
  }

  async #safePaths(): Promise<(path: string) => string> {
    this.#safePath ??= safePaths(this.#home);
    return this.#safePath;
  }

  async #reservePeers(pod: Pod): Promise<NameRewriter> {
    const { uid = '', namespace = '' } = pod.metadata ?? {};
    const headless = (await this.#objects.services(namespace))
      .filter(({ spec }) => spec?.clusterIP === 'None')
      .map(({ metadata }) => metadata?.name ?? '');
    const own = pod.spec?.subdomain;
    const subdomains = [...new Set([...headless, ...(own === undefined ? [] : [own])])];
    const find = peerFinder({ namespace, subdomains });
    const ports = new Map<string, number>();
    for (const { command = [], args = [], env = [] } of containersOf(pod)) {
      const words = [...command, ...args];
      const variables = env.map(({ name, value = '' }) => [name, value] as const);
      const named = namedPorts({ words, variables }, find);
      for (const { name, port } of named.length > 0 ? named : pairsInWords(words, find))
        ports.set(`${name}:${port}`, await this.#network.reserve(uid, { namespace, name, port }));
    }
    return new NameRewriter(find, ports);
  }

  /** Declared ports that can be changed where they are written; the others are what the program has built in. */
  #movablePorts(pod: Pod, inEngine: ReadonlySet<string>): number[] {
    if (pod.spec?.hostNetwork === true) return [];
    const containers = containersOf(pod).filter(({ name }) => !inEngine.has(name));
    // Of an engine's container nobody knows where its ports are written.
    const unmoved = containersOf(pod)
      .filter(({ name }) => inEngine.has(name))
      .flatMap((container) => [
        ...(container.ports ?? []).map(({ containerPort }) => containerPort),
        ...Object.values(this.#images.portFlags(container)),
      ]);
    const fixed = new Set([...fixedPorts(pod, inEngine).keys(), ...unmoved]);
    const declared = containers.flatMap(({ ports = [] }) =>
      ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP').map(({ containerPort }) => containerPort),
    );
    const byFlag = containers.flatMap((container) => Object.values(this.#images.portFlags(container)));
    const isWritten = (port: number): boolean => containers.some((container) => mentions(container, port));
    return [
      ...new Set([...declared.filter((port) => byFlag.includes(port) || isWritten(port)), ...byFlag]),
    ].filter((port) => !fixed.has(port));
  }

  async #inEngine(pod: Pod): Promise<ReadonlySet<string>> {
    const names = await Promise.all(
      containersOf(pod).map(async ({ name, image = '' }) =>
        (await this.#images.engineOf(image)) === undefined ? [] : [name],
      ),
    );
    return new Set(names.flat());
  }

  #mountContext(pod: Pod, host: PodHost, podIp: string): Omit<MountContext, 'folder'> {
    return {
      api: this.#api,
      pod,
      podIp,
      hostIp: host.ip,
      allocatable: host.allocatable,
      objects: this.#objects,
      tokens: this.#tokens,
    };
  }

  async #mountAll(pod: Pod, context: MountContext, signal: AbortSignal): Promise<Map<string, string>> {
    const volumes = pod.spec?.volumes ?? [];
    const paths = await Promise.all(volumes.map(async (volume) => mount(volume, context, signal)));
    return new Map(volumes.map(({ name }, index) => [name, paths[index] ?? '']));
  }

  async #annotate(pod: Pod, hostPorts: ReadonlyMap<number, number>, signal: AbortSignal): Promise<void> {
    const text = hostPorts.size === 0 ? undefined : JSON.stringify(Object.fromEntries(hostPorts));
    if (pod.metadata?.annotations?.[HOST_PORTS_ANNOTATION] === text) return;
    const { namespace = '', name = '', uid } = pod.metadata ?? {};
    await this.#api.patch(
      `/api/v1/namespaces/${namespace}/pods/${name}`,
      // With its uid, so that a pod of the same name is left alone.
      JSON.stringify({ metadata: { uid, annotations: { [HOST_PORTS_ANNOTATION]: text ?? null } } }),
      'application/merge-patch+json',
      signal,
    );
  }

  #onChange(kind: 'configMap' | 'secret', metadata: { name?: string; namespace?: string } | undefined): void {
    const { name = '', namespace } = metadata ?? {};
    for (const prepared of this.#prepared.values()) {
      if (prepared.pod.metadata?.namespace !== namespace) continue;
      this.#remountLater(prepared, (volume) => refersTo(volume, kind, name));
    }
  }

  /** A volume that can't be made anew stays as it is, as with the kubelet. */
  #remountLater(prepared: Prepared, which: (volume: Volume) => boolean): void {
    if (this.#stop === undefined) return;
    this.#remount(prepared, which, this.#stop).catch((error: unknown) => {
      if (this.#stop?.aborted !== true) this.#onError(error);
    });
  }

  async #remount(prepared: Prepared, which: (volume: Volume) => boolean, signal: AbortSignal): Promise<void> {
    const { pod, host, sandbox } = prepared;
    const context = { ...this.#mountContext(pod, host, sandbox.podIp), folder: sandbox.folder };
    for (const volume of (pod.spec?.volumes ?? []).filter(which)) {
      // Released meanwhile: its folder must not come back.
      if (this.#prepared.get(pod.metadata?.uid ?? '') !== prepared) return;
      await mount(volume, context, signal);
    }
  }

  #scheduleTokens(uid: string): void {
    const prepared = this.#prepared.get(uid);
    const time = this.#tokens.nextRefresh(uid);
    if (prepared === undefined || time === undefined) return;
    const hasToken = ({ projected }: Volume): boolean =>
      (projected?.sources ?? []).some((source) => source.serviceAccountToken !== undefined);
    const refresh = (): void => {
      if (this.#stop === undefined || this.#stop.aborted) return;
      this.#remount(prepared, hasToken, this.#stop)
        .catch(this.#onError)
        .finally(() => this.#scheduleTokens(uid));
    };
    const overdue = time - Date.now();
    prepared.timer = setTimeout(refresh, overdue > 0 ? overdue : RETRY_MS);
    prepared.timer.unref();
  }
}

async function mount(volume: Volume, context: MountContext, signal: AbortSignal): Promise<string> {
  try {
    return await mountVolume(volume, context, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof PodEnvironmentError ? error : failure(volume.name, asError(error).message, error);
  }
}

/** Ports that the pod wants on the host itself. An engine's containers have theirs there anyway. */
function fixedPorts(pod: Pod, inEngine: ReadonlySet<string>): Map<number, number> {
  const ports = containersOf(pod).flatMap(({ name, ports: own = [] }) => (inEngine.has(name) ? [] : own));
  return new Map(
    ports.flatMap(({ containerPort, hostPort }) =>
      hostPort === undefined ? [] : [[containerPort, hostPort] as const],
    ),
  );
}

function mentions({ command = [], args = [], env = [] }: Container, port: number): boolean {
  const rewriter = new PortRewriter(new Map([[port, 0]]));
  const words = [...command, ...args];
  // The rewriter without ports still replaces 0.0.0.0.
  const none = new PortRewriter(new Map());
  return (
    rewriter.rewriteWords(words).join('\0') !== none.rewriteWords(words).join('\0') ||
    env.some(
      ({ name, value = '' }) => rewriter.rewriteVariable(name, value) !== none.rewriteVariable(name, value),
    )
  );
}
