/** How well-known images run here, without a container. The first profile that matches is taken. */
import type { ProgramName } from '../../binaries/programs.ts';

/** What an image brings that isn't on the host. */
export type ImageContent =
  /** A locked Python environment: `lock` is a file of `dev-cluster/embedded/python`. Whether the image's tag is Python's version. */
  | { readonly kind: 'python'; readonly lock: string; readonly isTagVersion?: boolean }
  /** One of Slipway's own programs, the image's entrypoint. */
  | { readonly kind: 'program'; readonly program: ProgramName }
  /** The host's own programs. */
  | { readonly kind: 'host' };

export interface ImageProfile {
  readonly name: string;
  /** Globs over the image's repository, as imageName.ts reads them. */
  readonly images: readonly string[];
  readonly content: ImageContent;
  /** Of the image: what runs when the pod gives no command. */
  readonly entrypoint?: readonly string[];
  /** Of the image: its args when the pod gives none. */
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Flags of the entrypoint that name a port, with the port when they aren't given. */
  readonly portFlags?: Readonly<Record<string, number>>;
  /** One sentence for people: what is different here. */
  readonly note?: string;
}

/** Everything of a job finds its peers on this machine. */
export const LOOPBACK_COLLECTIVES = { GLOO_SOCKET_IFNAME: process.platform === 'darwin' ? 'lo0' : 'lo' };
/** Of every server made with KServe's SDK. */
export const KSERVE_PORTS = { '--http_port': 8080, '--grpc_port': 8081 };

export const imageProfiles: readonly ImageProfile[] = [
  {
    name: 'kserve-sklearnserver',
    images: [
      '**/kserve/sklearnserver',
      '**/kserve/kserve-sklearnserver',
      'kserve-sklearnserver',
      'sklearnserver',
    ],
    content: { kind: 'python', lock: 'kserve.lock.txt' },
    entrypoint: ['python', '-m', 'sklearnserver'],
    portFlags: KSERVE_PORTS,
  },
  {
    name: 'kserve-storage-initializer',
    images: ['**/kserve/storage-initializer', 'storage-initializer'],
    content: { kind: 'python', lock: 'kserve.lock.txt' },
    entrypoint: ['python', '-m', 'storage_initializer'],
  },
  {
    name: 'kserve-agent',
    images: ['**/kserve/agent'],
    content: { kind: 'program', program: 'kserve-agent' },
    portFlags: { '--port': 9081, '--component-port': 8080 },
  },
  {
    name: 'kserve-router',
    images: ['**/kserve/router'],
    content: { kind: 'program', program: 'kserve-router' },
  },
  {
    name: 'kserve-python',
    images: ['**/kserve/*'],
    content: { kind: 'python', lock: 'kserve.lock.txt' },
    portFlags: KSERVE_PORTS,
    note: 'It runs with the KServe SDK and scikit-learn; the image itself is not fetched.',
  },
  {
    name: 'jax',
    images: ['nvcr.io/nvidia/jax', '**/kubeflow/trainer/jax-runtime'],
    content: { kind: 'python', lock: 'jax.lock.txt' },
    env: { ...LOOPBACK_COLLECTIVES, JAX_PLATFORMS: 'cpu' },
    note: 'JAX runs on the CPU.',
  },
  {
    name: 'python',
    images: ['python', '**/library/python', 'bitnami/python', '**/ubi*/python-*'],
    content: { kind: 'python', lock: 'python.lock.txt', isTagVersion: true },
    cmd: ['python3'],
  },
  {
    name: 'host',
    images: [
      ...['busybox', 'alpine', 'debian', 'ubuntu', 'bash', 'node', 'curlimages/curl', 'curl'],
      ...['registry.k8s.io/e2e-test-images/busybox', '**/library/busybox', '**/library/alpine'],
    ],
    content: { kind: 'host' },
    cmd: ['sh'],
    note: "The host's own programs run.",
  },
  {
    name: 'pause',
    images: ['**/pause'],
    content: { kind: 'host' },
    entrypoint: ['sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'],
  },
];
