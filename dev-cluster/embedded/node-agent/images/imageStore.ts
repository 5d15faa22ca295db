/** Images made ready: what on this machine stands for what is in them. */
import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { slipwayHome } from '../../../../src/clients/embedded.ts';
import { asError, isSlipwayError } from '../../../../src/core/base/errors.ts';
import { findProgram, knownProgram } from '../../binaries/find.ts';
import { programNamed } from '../../binaries/programs.ts';
import { PythonEnvironments } from '../../python/environments.ts';
import { resourcePath } from '../../python/resources.ts';
import type { Image } from '../contract.ts';
import { PodEnvironmentError } from '../environment/errors.ts';
import type { Container } from '../environment/podSpec.ts';
import { type ContainerEngine, ContainerEngines, engineImageId, pullImage } from './containerEngine.ts';
import { type ImageName, matchesImage, parseImageName } from './imageName.ts';
import { type ImageContent, type ImageProfile, imageProfiles, LOOPBACK_COLLECTIVES } from './profiles.ts';
import { takenPortFlags } from './portFlags.ts';
import { findUserImage, userImages, type UserImage } from './userImages.ts';

/** Modules that images of KServe have, by their names: `python -m sklearnserver`. */
const MODULES = resourcePath('dev-cluster', 'embedded', 'python', 'images');

/** What this machine says of how the world is reached: without it, an installer behind a company's proxy trusts nobody. */
const MACHINE_SETTINGS = [
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'],
  ...['PIP_CERT', 'PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL', 'PIP_TRUSTED_HOST', 'PIP_FIND_LINKS'],
];

export class ImageStore {
  readonly #home: string;
  readonly #path: string;
  readonly #engines: ContainerEngines;

  /** `path`: where the host's own programs are found. */
  constructor({ home = slipwayHome(), path = process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin' } = {}) {
    this.#home = home;
    this.#path = path;
    this.#engines = new ContainerEngines(path);
  }

  /** Ports that the image's entrypoint takes by flags; known before the image is made. */
  portFlags(container: Container): Readonly<Record<string, number>> {
    const name = parseImageName(container.image ?? '');
    return takenPortFlags(container, (name && findProfile(name)?.portFlags) ?? {});
  }

  /** True when `get` will answer at once. */
  async has({ image = '', imagePullPolicy }: Container, signal: AbortSignal): Promise<boolean> {
    const name = parseImageName(image);
    if (name === undefined) return false;
    const user = findUserImage(await userImages(this.#home), name);
    if (user !== undefined) return user.environment.kind === 'interpreter';
    const content = findProfile(name)?.content;
    if (content !== undefined) return isPresent(content, signal);
    const engine = await this.#engines.find();
    if (engine === undefined || imagePullPolicy === 'Always') return false;
    return (await engineImageId(engine, image, signal)) !== undefined;
  }

  /** What runs this image when neither a mapping nor a profile says how; `undefined` also when nothing can. */
  async engineOf(image: string): Promise<ContainerEngine | undefined> {
    const name = parseImageName(image);
    if (name === undefined || findProfile(name) !== undefined) return undefined;
    if (findUserImage(await userImages(this.#home), name) !== undefined) return undefined;
    return this.#engines.find();
  }

  /** Throws a PodEnvironmentError with the container's waiting reason. */
  async get(container: Container, report: (line: string) => void, signal: AbortSignal): Promise<Image> {
    const { image = '', imagePullPolicy } = container;
    const name = parseImageName(image);
    if (name === undefined)
      throw new PodEnvironmentError(
        'InvalidImageName',
        `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
      );
    const user = findUserImage(await userImages(this.#home), name);
    const source = user ?? findProfile(name) ?? (await this.#engines.find());
    if (source === undefined)
      throw new PodEnvironmentError(
        'ErrImagePull',
        `Nothing here can run the image "${image}": containers are processes of this machine, and no profile says how.`,
        { action: mapAction(image) },
      );
    if (imagePullPolicy === 'Never' && !(await this.has(container, signal)))
      throw new PodEnvironmentError(
        'ErrImageNeverPull',
        `Container image "${image}" is not present with pull policy of Never`,
      );
    try {
      if ('version' in source) return await ofEngine(container, source, report, signal);
      return 'environment' in source
        ? await this.#ofUser(image, source, report, signal)
        : await this.#ofProfile(image, source, report, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new PodEnvironmentError(
        'ErrImagePull',
        `Failed to make image "${image}": ${asError(error).message}`,
        {
          cause: error,
          ...(isSlipwayError(error) && error.action !== undefined
            ? { action: error.action }
            : 'version' in source
              ? { action: mapAction(image) }
              : {}),
        },
      );
    }
  }

  async #ofUser(
    image: string,
    { environment }: UserImage,
    report: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Image> {
    let python;
    if (environment.kind === 'interpreter') {
      python = environment.python;
      await access(python, constants.X_OK);
    } else {
      const environments = new PythonEnvironments({ onProgress: report });
      python = (await environments.withPackages(environment.packages, { signal })).python;
    }
    return {
      name: image,
      id: identify(image, python),
      note: `It runs with ${python}, as \`slipway images map\` says.`,
      entrypoint: [],
      cmd: ['python3'],
      env: { ...this.#pythonVariables(python), ...LOOPBACK_COLLECTIVES },
      portFlags: {},
    };
  }

  async #ofProfile(
    image: string,
    { content, entrypoint = [], cmd = [], env = {}, portFlags = {}, note }: ImageProfile,
    report: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Image> {
    const base = { name: image, note, entrypoint, cmd, portFlags };
    switch (content.kind) {
      case 'python': {
        const environments = new PythonEnvironments({ onProgress: report });
        const { python, hash } = await environments.fromLock(lockPath(content.lock), signal);
        const other = content.isTagVersion === true ? await otherVersion(image, python) : undefined;
        return {
          ...base,
          note: other === undefined ? note : `It runs with this machine's Python, ${other}.`,
          id: identify(image, hash),
          env: { ...this.#pythonVariables(python), ...env },
        };
      }
      case 'program': {
        const program = await findProgram(content.program, { report, signal });
        return {
          ...base,
          id: identify(image, program),
          entrypoint: [program],
          env: { ...this.#hostVariables(), ...env },
        };
      }
      case 'host':
        return { ...base, id: identify(image, 'host'), env: { ...this.#hostVariables(), ...env } };
    }
  }

  #pythonVariables(python: string): Record<string, string> {
    const path = [dirname(python), this.#path].join(delimiter);
    return { ...this.#hostVariables(), PATH: path, LANG: 'C.UTF-8', PYTHONPATH: MODULES };
  }

  #hostVariables(): Record<string, string> {
    const settings = MACHINE_SETTINGS.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return { ...Object.fromEntries(settings), PATH: this.#path };
  }
}

function mapAction(image: string): string {
  return `Map this image to a Python environment: slipway images map ${image} --requirements FILE`;
}

async function ofEngine(
  { image = '', imagePullPolicy }: Container,
  engine: ContainerEngine,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<Image> {
  let id = imagePullPolicy === 'Always' ? undefined : await engineImageId(engine, image, signal);
  if (id === undefined) {
    report(`${engine.name} pulls it`);
    await pullImage(engine, image, signal);
    id = await engineImageId(engine, image, signal);
  }
  const note = `It runs by ${engine.name} ${engine.version}, on this machine's network.`;
  return { name: image, id: id ?? image, note, entrypoint: [], cmd: [], env: {}, portFlags: {}, engine };
}

export function findProfile(name: ImageName): ImageProfile | undefined {
  return imageProfiles.find(({ images }) => images.some((glob) => matchesImage(glob, name)));
}

/** True when what a profile's images bring is on this machine. */
export async function isPresent(content: ImageContent, signal: AbortSignal): Promise<boolean> {
  switch (content.kind) {
    case 'python':
      return new PythonEnvironments().isMade(lockPath(content.lock), signal);
    case 'program':
      return (await knownProgram(programNamed(content.program), signal)) !== undefined;
    case 'host':
      return true;
  }
}

/** The environment's version of Python, when the tag asks for another one. */
async function otherVersion(image: string, python: string): Promise<string | undefined> {
  const config = await readFile(join(dirname(dirname(python)), 'pyvenv.cfg'), 'utf8');
  const version = /^version(?:_info)?\s*=\s*(\d+\.\d+)\S*/m.exec(config);
  const asked = /^\d+\.\d+/.exec(parseImageName(image)?.tag ?? '')?.[0];
  return asked === undefined || version === null || asked === version[1]
    ? undefined
    : version[0].split('=')[1]?.trim();
}

function lockPath(name: string): string {
  return resourcePath('dev-cluster', 'embedded', 'python', name);
}

/** For `imageID`: what it is a digest of is what runs. */
function identify(image: string, content: string): string {
  const digest = createHash('sha256').update(content).digest('hex');
  return `${image.replace(/(?::[^/:@]+)?(?:@.*)?$/, '')}@sha256:${digest}`;
}
