/** A container that docker or podman runs: its paths are real mounts, its ports the machine's own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseQuantity } from '../../../../src/clients/kubernetes/quantity.ts';
import { writePrivateFile } from '../../files.ts';
import type { ContainerCommand, PodSandbox, PreparedContainer } from '../contract.ts';
import { execWords, runArguments, type ContainerEngine } from '../images/containerEngine.ts';
import { TERMINATION_LOG, type ContainerMount } from './containerMounts.ts';
import type { Container } from './podSpec.ts';

/** The engines read env files line by line, docker at most 64 KiB of each. */
const LONGEST_LINE = 32 * 1024;

export interface EngineContainerOptions {
  readonly engine: ContainerEngine;
  readonly sandbox: PodSandbox;
  /** Restarts before this start. */
  readonly attempt: number;
  /** The whole environment that the container gets over its image's. */
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly ContainerMount[];
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly rewriteWords: (words: readonly string[]) => readonly string[];
}

export async function prepareEngineContainer(
  container: Container,
  { engine, sandbox, attempt, env, mounts, command, args, rewriteWords }: EngineContainerOptions,
): Promise<PreparedContainer> {
  const { metadata, spec } = sandbox.pod;
  const folder = join(sandbox.folder, 'containers', container.name);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const terminationMessageFile = join(folder, 'termination-log');
  // Emptied, not replaced: a container that is adopted has this very file mounted.
  await writeFile(terminationMessageFile, '', { mode: 0o666 });
  const byLine = Object.entries(env).filter(([, value]) => isLine(value));
  const byName = Object.entries(env).filter(([, value]) => !isLine(value));
  const envFile = join(folder, 'engine.env');
  await writePrivateFile(envFile, byLine.map(([name, value]) => `${name}=${value}\n`).join(''));

  const name = `slipway-${metadata?.uid ?? ''}-${container.name}-${attempt}`;
  const engineContainer = { program: engine.program, name };
  // The client is the person's own, with their context and logins.
  const client = { env: { ...machineEnvironment(), ...Object.fromEntries(byName) }, cwd: folder };
  const user = container.securityContext?.runAsUser ?? spec?.securityContext?.runAsUser;
  const group = container.securityContext?.runAsGroup ?? spec?.securityContext?.runAsGroup;
  const memory = container.resources?.limits?.['memory'];
  const words = runArguments(engine, {
    name,
    image: container.image ?? '',
    envFile,
    envNames: byName.map(([variable]) => variable),
    mounts: [
      ...mounts.map(({ path, mountPath, readOnly }) => ({ source: path, target: mountPath, readOnly })),
      {
        source: terminationMessageFile,
        target: container.terminationMessagePath ?? TERMINATION_LOG,
        readOnly: false,
      },
    ],
    hasStdin: container.stdin === true,
    isReadOnly: container.securityContext?.readOnlyRootFilesystem === true,
    workingDir: container.workingDir,
    user: user === undefined ? undefined : group === undefined ? `${user}` : `${user}:${group}`,
    memoryBytes: memory === undefined ? undefined : Math.ceil(parseQuantity(memory)),
    command,
    args,
  });
  const ports = (container.ports ?? [])
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .map(({ containerPort }) => sandbox.hostPorts.get(containerPort) ?? containerPort);
  return {
    command: {
      program: engine.program,
      args: words,
      ...client,
      engine: { container: engineContainer, ports },
    },
    terminationMessageFile,
    commandFor: (other): ContainerCommand => {
      const [program = '', ...rest] = execWords(engineContainer, rewriteWords(other));
      return { program, args: rest, ...client };
    },
  };
}

function isLine(value: string): boolean {
  return !/[\r\n]/.test(value) && value.length <= LONGEST_LINE;
}

function machineEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
