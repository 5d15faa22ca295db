/**
 * Artifacts in an object store have a copy on this machine while their run goes on: `<mirror>/s3/<bucket>/<key>`, laid
 * out as the SDK's own mounts (`/s3/…`), so that `Artifact.path` and `Artifact.uri` are what they are on any cluster.
 */
import { join, sep } from 'node:path';

const MOUNTS = [
  ['s3://', 's3'],
  ['gs://', 'gcs'],
  ['minio://', 'minio'],
] as const;

/** The path of an artifact's copy; a uri that is a path, or of no known store, stays as it is. */
export function localPath(uri: string, mirror: string | undefined): string {
  if (mirror === undefined) return uri;
  const mount = MOUNTS.find(([scheme]) => uri.startsWith(scheme));
  return mount === undefined ? uri : join(mirror, mount[1], uri.slice(mount[0].length));
}

/** The reverse, for what a step says about its outputs. */
export function remoteUri(path: string, mirror: string | undefined): string {
  if (mirror === undefined) return path;
  for (const [scheme, folder] of MOUNTS) {
    const root = join(mirror, folder) + sep;
    if (path.startsWith(root)) return scheme + path.slice(root.length);
  }
  return path;
}
