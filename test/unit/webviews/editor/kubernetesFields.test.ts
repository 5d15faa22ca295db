/** The form's rows against what the SDK writes for the same calls of kfp-kubernetes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { repositoryRoot } from '../../../../dev-cluster/start/root.ts';
import type { JsonValue } from '../../../../src/core/base/json.ts';
import {
  kubernetesFields,
  type RowsField,
} from '../../../../webviews/pipelines/runGraph/edit/inspector/kubernetesFields.ts';

const json: z.ZodType<JsonValue> = z.json();
const platform = z.object({
  platforms: z.object({
    kubernetes: z.object({
      deploymentSpec: z.object({ executors: z.record(z.string(), z.record(z.string(), json)) }),
    }),
  }),
});

async function configs(file: string): Promise<readonly Record<string, JsonValue>[]> {
  const text = await readFile(join(repositoryRoot, 'test', 'fixtures', file), 'utf8');
  const [, second] = parseAllDocuments(text);
  return Object.values(platform.parse(second?.toJS()).platforms.kubernetes.deploymentSpec.executors);
}

const rowsFields = kubernetesFields.filter((field): field is RowsField => field.kind === 'rows');

describe('rows of Kubernetes fields', () => {
  it.each([
    'generated-python/settings.yaml',
    'kfp/samples/kubernetes_toleration.yaml',
    'kfp/samples/kubernetes_node_selector.yaml',
  ])('of %s are written as the SDK wrote them', async (file) => {
    let seen = 0;
    for (const config of await configs(file)) {
      for (const field of rowsFields) {
        const value = config[field.key];
        const rows = value === undefined ? undefined : field.read(value);
        if (value === undefined || rows === undefined) continue;
        seen++;
        expect(field.write(rows, value)).toEqual(value);
      }
    }
    expect(seen).toBeGreaterThan(0);
  });

  it('leave a name that comes from an input or another step to the JSON', async () => {
    for (const config of await configs('kfp/samples/kubernetes_create_mount_delete_dynamic_pvc.yaml')) {
      const field = rowsFields.find((one) => one.key === 'pvcMount');
      expect(field?.read(config['pvcMount'])).toBeUndefined();
    }
  });

  it('come back as they were typed, whatever it was', () => {
    const cell = fc.stringMatching(/^[a-z][a-z0-9/.-]{0,8}$/);
    for (const field of rowsFields) {
      const row = fc.record(Object.fromEntries(field.columns.map(({ key }) => [key, cell])));
      fc.assert(
        fc.property(
          fc.uniqueArray(row, { selector: (one) => Object.values(one)[0], maxLength: 4 }),
          (rows) => {
            expect(field.read(field.write(rows, undefined) ?? undefined)).toEqual(rows);
          },
        ),
        { numRuns: 50 },
      );
    }
  });
});
