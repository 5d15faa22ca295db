/** `slipway images`: how container images run on this machine, and mappings of one's own. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SlipwayError } from '../core/base/errors.ts';
import { ContainerEngines } from '../../dev-cluster/embedded/node-agent/images/containerEngine.ts';
import { parseImageName } from '../../dev-cluster/embedded/node-agent/images/imageName.ts';
import { isPresent } from '../../dev-cluster/embedded/node-agent/images/imageStore.ts';
import { imageProfiles, type ImageContent } from '../../dev-cluster/embedded/node-agent/images/profiles.ts';
import {
  mapImage,
  userImages,
  type UserImage,
} from '../../dev-cluster/embedded/node-agent/images/userImages.ts';
import { UsageError, type ExitCode, type Input } from './command.ts';

interface Row {
  readonly name: string;
  readonly images: readonly string[];
  /** What runs: words for people. */
  readonly runs: string;
  /** False: made at its first use. */
  readonly prepared: boolean;
  readonly note: string | undefined;
}

export async function images({ flag, signal }: Input): Promise<ExitCode> {
  const own = (await userImages()).map(userRow);
  const rows = [
    ...own,
    ...(await Promise.all(
      imageProfiles.map(async ({ name, images: globs, content, note }) => {
        return {
          name,
          images: globs,
          runs: describe(content),
          prepared: await isPresent(content, signal),
          note,
        };
      }),
    )),
  ];
  const engine = await new ContainerEngines(process.env['PATH'] ?? '').find();
  if (flag('json')) {
    process.stdout.write(`${JSON.stringify({ images: rows, engine: engine ?? null })}\n`);
    return 0;
  }
  for (const { name, images: globs, runs, prepared, note } of rows)
    process.stdout.write(
      `${name} (${runs}${prepared ? '' : ', made at first use'})\n  ${globs.join(' ')}\n${note === undefined ? '' : `  ${note}\n`}`,
    );
  process.stdout.write(
    engine === undefined
      ? 'any other image: not here, where neither docker nor podman answers; slipway images map IMAGE says how\n'
      : `any other image (${engine.name} ${engine.version})\n`,
  );
  return 0;
}

export async function mapImageCommand({ arguments: [image = ''], values, flag }: Input): Promise<ExitCode> {
  if (parseImageName(image.replaceAll('*', 'x')) === undefined)
    throw new UsageError(`"${image}" is no image name.`, 'images map');
  const [requirements] = values('requirements');
  const [python] = values('python');
  if ((requirements === undefined) === (python === undefined))
    throw new UsageError('slipway images map needs --requirements or --python.', 'images map');
  const mapped: UserImage = {
    image,
    environment:
      python === undefined
        ? { kind: 'packages', packages: await readRequirements(requirements ?? '') }
        : { kind: 'interpreter', python: resolve(python) },
  };
  await mapImage(mapped);
  const { runs } = userRow(mapped);
  process.stdout.write(flag('json') ? `${JSON.stringify(mapped)}\n` : `${image} runs with ${runs}.\n`);
  return 0;
}

function userRow({ image, environment }: UserImage): Row {
  const isInterpreter = environment.kind === 'interpreter';
  return {
    name: 'mapped by you',
    images: [image],
    runs: isInterpreter ? environment.python : `Python with ${environment.packages.join(', ')}`,
    prepared: isInterpreter,
    note: undefined,
  };
}

function describe(content: ImageContent): string {
  switch (content.kind) {
    case 'python':
      return `Python, ${content.lock}`;
    case 'program':
      return content.program;
    case 'host':
      return "this machine's programs";
  }
}

/** Packages as pip's file names them, one a line. */
async function readRequirements(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').map((line) => line.replace(/(?:^|\s)#.*$/, '').trim());
  const packages = lines.filter((line) => line !== '');
  const option = packages.find((line) => line.startsWith('-'));
  if (option !== undefined)
    throw new SlipwayError(
      'requirementsOption',
      `${path} has the option "${option}", which a mapping can't hold.`,
      {
        action: 'Name packages only',
      },
    );
  return packages;
}
