import { z } from 'zod';
import type { JsonObject } from '../../../../src/core/base/json.ts';
import { invalid } from '../errors.ts';
import type { PipelineRow, PipelineStore } from '../store/pipelines.ts';
import type { VersionRow, VersionStore } from '../store/versions.ts';
import { readDocument, specToWire } from './document.ts';
import { fetchPackage } from './fetchPackage.ts';
import { unpackPackage } from './package.ts';
import { listRequest, queryText } from './query.ts';
import { checkTags, limited, message, outputOnly, tags } from './request.ts';
import type { Call, Route } from './router.ts';
import { readUpload } from './upload.ts';
import { page, populated, timestamp } from './wire.ts';

const pipelineFields = {
  pipeline_id: z.string().optional(),
  name: z.string().default(''),
  display_name: z.string().default(''),
  description: z.string().default(''),
  namespace: z.string().optional(),
  tags: tags.optional(),
  created_at: outputOnly,
  error: outputOnly,
};
const pipelineMessage = message(pipelineFields);

const versionMessage = message({
  pipeline_id: z.string().optional(),
  pipeline_version_id: z.string().optional(),
  name: z.string().default(''),
  display_name: z.string().default(''),
  description: z.string().default(''),
  package_url: message({ pipeline_url: z.string().default('') }).optional(),
  code_source_url: z.string().default(''),
  tags: tags.optional(),
  created_at: outputOnly,
  pipeline_spec: outputOnly,
  error: outputOnly,
});

const pipelineAndVersion = message({
  pipeline: pipelineMessage.optional(),
  pipeline_version: versionMessage.optional(),
});

const tagsQuery = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('not JSON');
      return z.NEVER;
    }
  })
  .pipe(tags);

function pipelineToWire(pipeline: PipelineRow): JsonObject {
  return populated({
    pipeline_id: pipeline.id,
    name: pipeline.name,
    display_name: pipeline.displayName,
    description: pipeline.description,
    created_at: timestamp(pipeline.createdAt),
    tags: pipeline.tags,
  });
}

function versionToWire(version: VersionRow): JsonObject {
  return populated({
    pipeline_id: version.pipelineId,
    pipeline_version_id: version.id,
    name: version.name,
    display_name: version.displayName,
    description: version.description,
    created_at: timestamp(version.createdAt),
    package_url: populated({ pipeline_url: version.packageUrl }),
    code_source_url: version.codeSourceUrl,
    pipeline_spec: specToWire(version.spec),
    tags: version.tags,
  });
}

export interface PipelineDeps {
  readonly pipelines: PipelineStore;
  readonly versions: VersionStore;
  /** Runs the calls as one: all or nothing. */
  readonly transaction: <T>(work: () => T) => T;
}

export function pipelineRoutes(deps: PipelineDeps): readonly Route[] {
  return [...crudRoutes(deps), ...versionRoutes(deps), ...uploadRoutes(deps)];
}

const root = '/apis/v2beta1/pipelines';

function crudRoutes({ pipelines, versions, transaction }: PipelineDeps): readonly Route[] {
  const id = ({ path }: Call): string => path['pipeline_id'] ?? '';
  return [
    {
      method: 'GET',
      path: root,
      handler: ({ query }) => {
        const { items, ...rest } = pipelines.list(listRequest(query));
        return page('pipelines', items.map(pipelineToWire), rest);
      },
    },
    {
      method: 'POST',
      path: root,
      handler: async (call) =>
        pipelineToWire(pipelines.create(newPipeline(await call.body(pipelineMessage)))),
    },
    {
      method: 'POST',
      path: `${root}/create`,
      handler: async (call) => {
        const { pipeline, pipeline_version: version } = await call.body(pipelineAndVersion);
        const url = version?.package_url?.pipeline_url ?? '';
        if (url === '') throw invalid('invalid pipeline spec URL: it is empty');
        const { spec, document } = readDocument(await fetchPackage(url, call.signal));
        const given = pipeline ?? pipelineMessage.parse({});
        const named =
          given.name === '' && given.display_name === '' ? { ...given, name: document.name } : given;
        return transaction(() => {
          const made = pipelines.create(newPipeline(named));
          versions.create({
            pipelineId: made.id,
            name: made.name,
            displayName: made.displayName,
            description: made.description,
            tags: checkTags(version?.tags ?? {}),
            packageUrl: url,
            codeSourceUrl: version?.code_source_url ?? '',
            spec,
          });
          return pipelineToWire(made);
        });
      },
    },
    {
      method: 'GET',
      path: `${root}/names/{name}`,
      handler: ({ path }) => pipelineToWire(pipelines.getByName(path['name'] ?? '')),
    },
    {
      method: 'GET',
      path: `${root}/{pipeline_id}`,
      handler: (call) => pipelineToWire(pipelines.get(id(call))),
    },
    {
      method: 'PATCH',
      path: `${root}/{pipeline_id}`,
      handler: async (call) => {
        const { display_name: displayName, tags: given } = await call.body(pipelineMessage);
        return pipelineToWire(
          pipelines.update(id(call), displayName || undefined, given && checkTags(given)),
        );
      },
    },
    {
      method: 'DELETE',
      path: `${root}/{pipeline_id}`,
      handler: (call) => {
        pipelines.delete(id(call), booleanQuery(call.query, 'cascade'));
        return {};
      },
    },
  ];
}

function versionRoutes({ pipelines, versions }: PipelineDeps): readonly Route[] {
  const all = `${root}/{pipeline_id}/versions`;
  const one = `${all}/{pipeline_version_id}`;
  const pipelineId = ({ path }: Call): string => path['pipeline_id'] ?? '';
  const versionId = ({ path }: Call): string => path['pipeline_version_id'] ?? '';
  return [
    {
      method: 'GET',
      path: all,
      handler: (call) => {
        pipelines.get(pipelineId(call));
        const { items, ...rest } = versions.list(pipelineId(call), listRequest(call.query));
        return page('pipeline_versions', items.map(versionToWire), rest);
      },
    },
    {
      method: 'POST',
      path: all,
      handler: async (call) => {
        const given = await call.body(versionMessage);
        const url = given.package_url?.pipeline_url ?? '';
        if (url === '') throw invalid('Failed to create a pipeline version. Package URL is empty');
        pipelines.get(pipelineId(call));
        const { spec, document } = readDocument(await fetchPackage(url, call.signal));
        const name = given.name || given.display_name || document.name;
        return versionToWire(
          versions.create({
            pipelineId: pipelineId(call),
            name: limited('PipelineVersion.Name', name, 127),
            displayName: given.display_name || name,
            description: given.description,
            tags: checkTags(given.tags ?? {}),
            packageUrl: url,
            codeSourceUrl: given.code_source_url,
            spec,
          }),
        );
      },
    },
    {
      method: 'GET',
      path: one,
      handler: (call) => versionToWire(versions.get(pipelineId(call), versionId(call))),
    },
    {
      method: 'PATCH',
      path: one,
      handler: async (call) => {
        const { display_name: displayName, tags: given } = await call.body(versionMessage);
        return versionToWire(
          versions.update(
            pipelineId(call),
            versionId(call),
            displayName || undefined,
            given && checkTags(given),
          ),
        );
      },
    },
    {
      method: 'DELETE',
      path: one,
      handler: (call) => {
        versions.delete(pipelineId(call), versionId(call));
        return {};
      },
    },
  ];
}

function uploadRoutes({ pipelines, versions, transaction }: PipelineDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: `${root}/upload`,
      errorShape: 'upload',
      handler: async ({ request, query }) => {
        const file = await readUpload(request);
        const { spec } = readDocument(unpackPackage(file.name, file.bytes));
        const fields = uploadFields(query, file.name);
        return transaction(() => {
          const made = pipelines.create({ ...fields, name: limited('Pipeline.Name', fields.name, 128) });
          versions.create({ ...fields, pipelineId: made.id, tags: {}, packageUrl: '', spec });
          return pipelineToWire(made);
        });
      },
    },
    {
      method: 'POST',
      path: `${root}/upload_version`,
      errorShape: 'upload',
      handler: async ({ request, query }) => {
        const file = await readUpload(request);
        const pipelineId = query.get('pipelineid') ?? '';
        if (pipelineId === '') throw invalid('Failed to create a pipeline version: pipelineid is missing');
        const { spec } = readDocument(unpackPackage(file.name, file.bytes));
        const fields = uploadFields(query, file.name);
        limited('PipelineVersion.Name', fields.name, 127);
        return transaction(() => {
          pipelines.get(pipelineId);
          return versionToWire(versions.create({ ...fields, pipelineId, packageUrl: '', spec }));
        });
      },
    },
  ];
}

/** Without a name, the file's own is used, as upstream does. */
function uploadFields(query: URLSearchParams, fileName: string) {
  const name = queryText(query, 'name') ?? queryText(query, 'display_name') ?? fileName;
  const given = tagsQuery.safeParse(queryText(query, 'tags') ?? '{}');
  if (!given.success)
    throw invalid('Failed to parse tags query parameter. Expected JSON object with string keys and values');
  return {
    name,
    displayName: queryText(query, 'display_name') ?? name,
    description: query.get('description') ?? '',
    tags: checkTags(given.data),
    codeSourceUrl: query.get('code_source_url') ?? '',
  };
}

function newPipeline(given: z.infer<typeof pipelineMessage>) {
  const name = given.name || given.display_name;
  if (name === '') throw invalid("pipeline's name cannot be empty");
  return {
    name: limited('Pipeline.Name', name, 128),
    displayName: given.display_name || name,
    description: given.description,
    tags: checkTags(given.tags ?? {}),
  };
}

/** Go's spellings: the SDK sends Python's `True`. */
function booleanQuery(query: URLSearchParams, name: string): boolean {
  const text = queryText(query, name) ?? 'false';
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw invalid(`${name} must be true or false, not "${text}"`);
}
