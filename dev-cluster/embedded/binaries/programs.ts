/** The programs of the cluster that are written in Go, as data. */
import { join } from 'node:path';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import type { Report } from '../supervisor/component.ts';

export type ProgramName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kserve-manager'
  | 'kserve-agent'
  | 'kserve-router'
  | 'trainer'
  | 'jobset'
  | 'versitygw';

export interface Program {
  readonly name: ProgramName;
  /** As in the module's go.mod. */
  readonly version: string;
  /** Folder under `modules`. */
  readonly module: string;
  /** Go package, a `tool` of the module. */
  readonly package: string;
  /** Go module that has the version. */
  readonly source: string;
  readonly ldflags?: string;
  /** Lines of `main.go`, the whole of its main package, that are other ones here. */
  readonly changes?: readonly SourceChange[];
  /** A main package of ours, in its module, that holds several programs. */
  readonly bundle?: Bundle;
  /** One more each time that `changes` or the `bundle` are others: it is a different program of the same version. */
  readonly revision?: number;
  /** How a program on PATH says its version; without it none on PATH is taken. */
  readonly versionArgs?: readonly string[];
  /** On two cores, with nothing in Go's caches: for people, and for the fraction that is done. */
  readonly buildSeconds: number;
}

export interface Bundle {
  readonly package: string;
  /** Whose file it is; the others are started as `argv[0]`. */
  readonly file: ProgramName;
}

export interface SourceChange {
  /** Stands in `main.go` exactly once. */
  readonly from: string;
  readonly to: string;
}

const KUBERNETES = 'v1.34.4';
const KUBERNETES_FLAGS = Object.entries({
  gitVersion: KUBERNETES,
  gitMajor: '1',
  gitMinor: '34',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
})
  .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
  .join(' ');

function kubernetes(
  name: ProgramName,
  buildSeconds: number,
  versionArgs: readonly string[] = ['--version'],
): Program {
  return {
    name,
    version: KUBERNETES,
    module: 'kubernetes',
    package: `k8s.io/kubernetes/cmd/${name}`,
    source: 'k8s.io/kubernetes',
    ldflags: KUBERNETES_FLAGS,
    versionArgs,
    buildSeconds,
  };
}

/** They share most of their code: in one file it takes 110 MiB less memory. */
function kubernetesServer(name: ProgramName): Program {
  const bundle = { package: './control-plane', file: 'kube-apiserver' } as const;
  return { ...kubernetes(name, 240), bundle, revision: 1 };
}

function kserve(name: ProgramName, command: string, buildSeconds: number): Program {
  const source = 'github.com/kserve/kserve';
  const packageName = `${source}/cmd/${command}`;
  return { name, version: 'v0.20.0', module: 'kserve', package: packageName, source, buildSeconds };
}

/** In the order in which they are built when several are wanted: what others wait for first. */
export const programs: readonly Program[] = [
  {
    name: 'etcd',
    version: 'v3.6.7',
    module: 'etcd',
    package: 'go.etcd.io/etcd/server/v3',
    source: 'go.etcd.io/etcd/server/v3',
    versionArgs: ['--version'],
    buildSeconds: 10,
  },
  kubernetesServer('kube-apiserver'),
  kubernetesServer('kube-controller-manager'),
  kubernetesServer('kube-scheduler'),
  {
    name: 'versitygw',
    version: 'v1.8.0',
    module: 'versitygw',
    package: 'github.com/versity/versitygw/cmd/versitygw',
    source: 'github.com/versity/versitygw',
    versionArgs: ['--version'],
    buildSeconds: 46,
  },
  {
    ...kserve('kserve-manager', 'manager', 117),
    // It has no flag for it, and would listen on every interface.
    changes: [
      {
        from: 'Port: options.webhookPort,',
        to: 'Host: "127.0.0.1", Port: options.webhookPort,',
      },
    ],
    revision: 1,
  },
  {
    name: 'jobset',
    version: 'v0.12.0',
    module: 'jobset',
    package: 'sigs.k8s.io/jobset',
    source: 'sigs.k8s.io/jobset',
    buildSeconds: 17,
  },
  {
    name: 'trainer',
    version: 'v2.3.0',
    module: 'trainer',
    package: 'github.com/kubeflow/trainer/v2/cmd/trainer-controller-manager',
    source: 'github.com/kubeflow/trainer/v2',
    buildSeconds: 70,
  },
  kserve('kserve-agent', 'agent', 10),
  kserve('kserve-router', 'router', 5),
  kubernetes('kubectl', 20, ['version', '--client']),
];

export function programNamed(name: ProgramName): Program {
  const program = programs.find((one) => one.name === name);
  if (program === undefined) throw new Error(`There is no program ${name}.`);
  return program;
}

/** Upstream's, and which of our changes to it: `v0.20.0-r1`. */
export function fullVersion({ version, revision }: Program): string {
  return revision === undefined ? version : `${version}-r${revision}`;
}

/** Its name in the cache, and, with `.gz`, in a release: `etcd-v3.6.7-linux-amd64`. */
export function programFile(program: Program, system = thisSystem()): string {
  return `${program.bundle?.file ?? program.name}-${fullVersion(program)}-${system}`;
}

/** One program of each file. */
export const programFiles = programs.filter(({ name, bundle }) => (bundle?.file ?? name) === name);

/** As Go names them. */
function thisSystem(): string {
  return `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
}

export function cachedProgram(program: Program): string {
  return join(slipwayCache(), 'binaries', programFile(program));
}

/** Of all that gets a program. */
export interface FindOptions {
  readonly report: Report;
  readonly signal: AbortSignal;
}
