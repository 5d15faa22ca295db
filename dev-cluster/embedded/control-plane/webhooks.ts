/** Webhook configurations for controllers that run outside the cluster. */
import { z } from 'zod';
import type { Manifest } from './manifests.ts';

const configuration = z.looseObject({
  webhooks: z.array(
    z.looseObject({ clientConfig: z.object({ service: z.looseObject({ path: z.string() }) }) }),
  ),
});

/** The configurations with the address of a process in place of each Service. `ca` is PEM. */
export function webhooksAt(
  port: number,
  ca: string,
  configurations: readonly Manifest[],
): readonly Manifest[] {
  const caBundle = Buffer.from(ca).toString('base64');
  return configurations.map((manifest) => ({
    ...manifest,
    webhooks: configuration.parse(manifest).webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { url: `https://127.0.0.1:${port}${webhook.clientConfig.service.path}`, caBundle },
    })),
  }));
}
