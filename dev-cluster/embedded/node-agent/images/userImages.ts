/** Images that people have mapped to Python environments: `<home>/images.json`. */
import { join } from 'node:path';
import { z } from 'zod';
import { slipwayHome } from '../../../../src/clients/embedded.ts';
import { readStateFile, writePrivateFile } from '../../files.ts';
import { type ImageName, matchesImage } from './imageName.ts';

const mapping = z.object({
  /** As a profile's: `registry.example/team/*`, with a tag when it is for that alone. */
  image: z.string(),
  environment: z.union([
    z.object({ kind: z.literal('packages'), packages: z.array(z.string()) }),
    z.object({ kind: z.literal('interpreter'), python: z.string() }),
  ]),
});
const mapFile = z.object({ version: z.literal(1), images: z.array(mapping) });

export type UserImage = z.infer<typeof mapping>;

function userImagesPath(home = slipwayHome()): string {
  return join(home, 'images.json');
}

/** Read at each use: a mapping holds for the next try of a pod that waits for its image. */
export async function userImages(home = slipwayHome()): Promise<readonly UserImage[]> {
  return (await readStateFile(userImagesPath(home), mapFile))?.images ?? [];
}

/** Replaces the mapping of the same image. */
export async function mapImage(image: UserImage, home = slipwayHome()): Promise<void> {
  const others = (await userImages(home)).filter((known) => known.image !== image.image);
  await writePrivateFile(
    userImagesPath(home),
    JSON.stringify({ version: 1, images: [...others, image] }, undefined, 2),
  );
}

export function findUserImage(images: readonly UserImage[], name: ImageName): UserImage | undefined {
  return images.find(({ image }) => matchesImage(image.replace(/^docker\.io\/(?:library\/)?/, ''), name));
}
