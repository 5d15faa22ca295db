/** Where the embedded cluster says where it is: one 0600 file, written by the supervisor, read by everyone else. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const endpoint = z.object({
  url: z.url(),
  /** Bearer token of this component. */
  token: z.string().min(16),
});

const basic = z.object({ url: z.url(), username: z.string(), password: z.string() });

/** A part that is missing isn't ready (yet). */
const endpointsFile = z.object({
  version: z.literal(1),
  supervisorPid: z.int(),
  kfp: endpoint.optional(),
  kubernetes: z.object({ url: z.url(), kubeconfig: z.string() }).optional(),
  /** HTTP of the ingress gateway: a service's host name goes into `Host`. */
  gateway: z
    .object({
      url: z.url(),
      /** `/metrics` in Prometheus text, under Istio's names. */
      metrics: endpoint.optional(),
    })
    .optional(),
  mlflow: basic.optional(),
  s3: z.object({ url: z.url(), accessKey: z.string(), secretKey: z.string(), region: z.string() }).optional(),
  /** `url` without credentials: `postgresql://127.0.0.1:5432`. */
  postgres: basic.optional(),
  redis: z.object({ url: z.url(), password: z.string() }).optional(),
  feast: z
    .object({
      /** Holds the demo's feature_store.yaml. */
      repository: z.string(),
      /** SQLAlchemy's; names a password file instead of a password. */
      registryUrl: z.string(),
      server: endpoint.optional(),
      registry: endpoint.optional(),
    })
    .optional(),
});

export type EmbeddedEndpoints = z.infer<typeof endpointsFile>;

/** `$SLIPWAY_HOME`, else `~/.slipway`. */
export function slipwayHome(): string {
  return process.env['SLIPWAY_HOME'] ?? join(homedir(), '.slipway');
}

/** Downloads and Python environments: `$SLIPWAY_CACHE`, else `~/.cache/slipway`. */
export function slipwayCache(): string {
  return process.env['SLIPWAY_CACHE'] ?? join(homedir(), '.cache', 'slipway');
}

export function endpointsPath(home = slipwayHome()): string {
  return join(home, 'embedded', 'endpoints.json');
}

/** `undefined` when the cluster was never started. Throws when the file is there but not ours. */
export async function readEmbeddedEndpoints(home = slipwayHome()): Promise<EmbeddedEndpoints | undefined> {
  let text: string;
  try {
    text = await readFile(endpointsPath(home), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return endpointsFile.parse(JSON.parse(text));
}
