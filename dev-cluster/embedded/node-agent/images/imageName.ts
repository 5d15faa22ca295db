/** Names of images: `[registry/]repository[:tag][@digest]`. */

export interface ImageName {
  /** Without Docker Hub's host and its `library/`: `python`, `kserve/agent`, `ghcr.io/kubeflow/trainer/xgboost-runtime`. */
  readonly repository: string;
  readonly tag: string;
}

const pattern =
  /^(?<repository>[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d+(?=\/))?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*)(?::(?<tag>[\w][\w.-]{0,127}))?(?:@[\w+.-]+:[0-9a-fA-F]{32,})?$/i;

/** `undefined` when it is none. */
export function parseImageName(name: string): ImageName | undefined {
  const { repository, tag = 'latest' } = pattern.exec(name)?.groups ?? {};
  if (repository === undefined) return undefined;
  return { repository: repository.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, ''), tag };
}

/** `*` is anything within one part of the name, `**` and a slash any parts before it. A tag counts when the glob has one. */
export function matchesImage(glob: string, name: ImageName): boolean {
  const [repository = '', tag] = glob.split(/:(?!.*\/)/);
  return toRegExp(repository).test(name.repository) && (tag === undefined || toRegExp(tag).test(name.tag));
}

function toRegExp(glob: string): RegExp {
  const source = glob
    .split(/(\*\*\/|\*)/)
    .map((part) =>
      part === '**/'
        ? '(?:.*/)?'
        : part === '*'
          ? '[^/]*'
          : part.replaceAll(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`),
    )
    .join('');
  return new RegExp(`^${source}$`);
}
