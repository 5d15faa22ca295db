/** One container's command and environment, in terms of the host. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { slipwayCache } from '../../../../src/clients/embedded.ts';
import type { ContainerCommand, Image, PodSandbox, PreparedContainer } from '../contract.ts';
import type { ContainerEngine } from '../images/containerEngine.ts';
import { takenPortFlags } from '../images/portFlags.ts';
import { type ContainerMount, containerMounts, TERMINATION_LOG } from './containerMounts.ts';
import { prepareEngineContainer } from './engineContainer.ts';
import { PodEnvironmentError } from './errors.ts';
import { expand } from './expansion.ts';
import { SERVICE_ACCOUNT_PATH, writePodKubeconfig } from './kubeconfig.ts';
import type { NameRewriter } from './nameRewriting.ts';
import { PathRewriter } from './pathRewriting.ts';
import { type Container, hostname } from './podSpec.ts';
import { PortRewriter } from './portRewriting.ts';

/** Folders of programs in images; what the image brings under these names is elsewhere here. */
const PROGRAM_FOLDERS = new Set(['/bin', '/usr/bin', '/usr/local/bin', '/opt/conda/bin', '/prod_venv/bin']);

export interface ContainerContext {
  readonly sandbox: PodSandbox;
  readonly image: Image;
  /** Restarts before this start. */
  readonly attempt: number;
  /** As its spec says them, not rewritten. */
  readonly variables: ReadonlyMap<string, string>;
  /** Of Services and the API server: they are true as they are. */
  readonly serviceVariables: ReadonlyMap<string, string>;
  /** Of pods and of Services. */
  readonly names: readonly NameRewriter[];
  readonly apiServerUrl: string;
  readonly proxyUrl: string | undefined;
  /** Slipway's own: paths in it are the host's already. */
  readonly home: string;
  readonly safePath: (path: string) => string;
}

export async function prepareContainer(
  container: Container,
  context: ContainerContext,
): Promise<PreparedContainer> {
  const { sandbox, image, variables, serviceVariables, safePath } = context;
  const allVariables = new Map([...serviceVariables, ...variables]);
  const volumeMounts = await containerMounts(container, sandbox, allVariables);
  if (image.engine !== undefined)
    return inEngine(container, { context, engine: image.engine, variables: allVariables, volumeMounts });
  const folder = join(sandbox.folder, 'containers', container.name);
  const places = {
    home: safePath(join(folder, 'home')),
    tmp: safePath(join(folder, 'tmp')),
    work: safePath(join(folder, 'work')),
    packages: safePath(join(folder, 'site-packages')),
  };
  await Promise.all(Object.values(places).map((place) => mkdir(place, { recursive: true, mode: 0o755 })));
  const terminationMessageFile = join(folder, 'termination-log');
  await rm(terminationMessageFile, { force: true });
  await writeFile(terminationMessageFile, '', { mode: 0o666 });

  const mounts = new Map(volumeMounts.map(({ mountPath, path }) => [mountPath, safePath(path)]));
  const workingDir = container.workingDir ?? '';
  const paths = new PathRewriter([
    ['/tmp', places.tmp],
    ['/root', places.home],
    [variables.get('HOME') ?? '', places.home],
    [variables.get('TMPDIR') ?? '', places.tmp],
    [workingDir, places.work],
    [container.terminationMessagePath ?? TERMINATION_LOG, safePath(terminationMessageFile)],
    ...mounts,
    [context.home, context.home],
    [slipwayCache(), slipwayCache()],
  ]);
  const addresses = addressRewriter(context);
  const rewriteWords = (words: readonly string[]): string[] =>
    addresses.words(words).map((word) => paths.rewrite(word));

  const own: Record<string, string> = {};
  for (const [name, value] of addresses.variables()) own[name] = paths.rewrite(value);
  const env = {
    ...Object.fromEntries(serviceVariables),
    ...surroundings(context, places),
    ...image.env,
    ...own,
  };
  // Programs and modules of the image are found whatever the pod's paths say: in the image they are at those.
  env['PATH'] = joinPaths(image.env['PATH'], own['PATH'], join(places.packages, 'bin'));
  if (image.env['PYTHONPATH'] !== undefined)
    env['PYTHONPATH'] = joinPaths(own['PYTHONPATH'], places.packages, image.env['PYTHONPATH']);
  const serviceAccount = mounts.get(SERVICE_ACCOUNT_PATH);
  if (serviceAccount !== undefined && own['KUBECONFIG'] === undefined) {
    const path = join(folder, 'kubeconfig');
    const namespace = sandbox.pod.metadata?.namespace ?? '';
    await writePodKubeconfig(path, { server: context.apiServerUrl, folder: serviceAccount, namespace });
    env['KUBECONFIG'] = safePath(path);
  }

  const cwd = workingDir === '' ? places.work : (paths.hostPath(workingDir) ?? places.work);
  await mkdir(cwd, { recursive: true });
  const commandOf = ([program = '', ...args]: readonly string[]): ContainerCommand => ({
    program: programOf(program, image),
    args,
    env,
    cwd,
  });
  const words = wordsOf(container, image, allVariables);
  return {
    command: commandOf([
      ...rewriteWords(words),
      ...missingPortFlags(container, image, words, sandbox.hostPorts),
    ]),
    terminationMessageFile,
    commandFor: (other) => commandOf(rewriteWords(other)),
  };
}

/** Nothing of this machine is in it but its network. */
async function inEngine(
  container: Container,
  {
    context,
    engine,
    variables,
    volumeMounts,
  }: {
    readonly context: ContainerContext;
    readonly engine: ContainerEngine;
    readonly variables: ReadonlyMap<string, string>;
    readonly volumeMounts: readonly ContainerMount[];
  },
): Promise<PreparedContainer> {
  const { attempt, image, proxyUrl, sandbox, serviceVariables } = context;
  const addresses = addressRewriter(context);
  const expanded = (words: readonly string[] = []): string[] =>
    addresses.words(words.map((word) => expand(word, (name) => variables.get(name))));
  const command = expanded(container.command);
  const args = expanded(container.args);
  return prepareEngineContainer(container, {
    engine,
    sandbox,
    attempt,
    env: {
      ...Object.fromEntries(serviceVariables),
      HOSTNAME: hostname(sandbox.pod),
      ...(proxyUrl === undefined ? {} : proxyVariables(proxyUrl)),
      ...Object.fromEntries(addresses.variables()),
    },
    mounts: volumeMounts,
    command,
    args: [...args, ...missingPortFlags(container, image, [...command, ...args], sandbox.hostPorts)],
    rewriteWords: addresses.words,
  });
}

/** Names that only the cluster knows, and ports that are others here. */
function addressRewriter({ names, sandbox, variables }: ContainerContext): {
  readonly words: (words: readonly string[]) => string[];
  readonly variables: () => [string, string][];
} {
  const ports = new PortRewriter(sandbox.hostPorts);
  return {
    words: (words) => ports.rewriteWords(names.reduce((known, name) => name.rewriteWords(known), words)),
    variables: () =>
      [...names.reduce((known, one) => one.rewriteVariables(known), variables)].map(([name, value]) => [
        name,
        ports.rewriteVariable(name, value),
      ]),
  };
}

function joinPaths(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(delimiter);
}

/** What a container has without asking. */
function surroundings(
  { sandbox, proxyUrl }: ContainerContext,
  places: { readonly home: string; readonly tmp: string; readonly packages: string },
): Record<string, string> {
  return {
    HOSTNAME: hostname(sandbox.pod),
    HOME: places.home,
    TMPDIR: places.tmp,
    // The image's environment is shared and stays as it is: what pip adds goes beside it.
    PIP_TARGET: places.packages,
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    ...(proxyUrl === undefined ? {} : proxyVariables(proxyUrl)),
  };
}

/** Names of the cluster are known to the gateway alone. curl takes the small ones only. */
function proxyVariables(url: string): Record<string, string> {
  const direct = 'localhost,127.0.0.1,::1';
  return {
    ...{ HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: direct },
    ...{ http_proxy: url, https_proxy: url, no_proxy: direct },
  };
}

/** As Kubernetes: the pod's command does away with both of the image's, its args only with the image's. */
function wordsOf(
  { command = [], args = [] }: Container,
  image: Image,
  variables: ReadonlyMap<string, string>,
): string[] {
  const expanded = (words: readonly string[]): string[] =>
    words.map((word) => expand(word, (name) => variables.get(name)));
  const cmd = args.length > 0 ? expanded(args) : command.length > 0 ? [] : image.cmd;
  const words = [...(command.length > 0 ? expanded(command) : image.entrypoint), ...cmd];
  if (words.length === 0)
    throw new PodEnvironmentError(
      'CreateContainerError',
      `no command specified: the image "${image.name}" has none here`,
      {
        action: 'Give the container a command',
      },
    );
  return words;
}

function missingPortFlags(
  container: Container,
  image: Image,
  words: readonly string[],
  hostPorts: ReadonlyMap<number, number>,
): string[] {
  return Object.entries(takenPortFlags(container, image.portFlags)).flatMap(([flag, port]) => {
    const isGiven = words.some((word) => word === flag || word.startsWith(`${flag}=`));
    const hostPort = hostPorts.get(port);
    return isGiven || hostPort === undefined ? [] : [`${flag}=${hostPort}`];
  });
}

function programOf(program: string, image: Image): string {
  if (!PROGRAM_FOLDERS.has(dirname(program)) || image.env['PYTHONPATH'] === undefined) return program;
  const own = join(image.env['PATH']?.split(delimiter)[0] ?? '', basename(program));
  return existsSync(own) ? own : program;
}
