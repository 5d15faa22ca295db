/** The manifests that ship, and putting them into the API server. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { delay } from '../../../src/core/base/abort.ts';
import { isSlipwayError } from '../../../src/core/base/errors.ts';
import type { KubernetesApi } from '../../../src/clients/kubernetes/api.ts';
import type { ConfigMap, KubernetesObject } from '../../../src/clients/kubernetes/model.ts';
import { resourcePath } from '../python/resources.ts';

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

/** A Kubernetes object as its manifest says it. */
export type Manifest = z.infer<typeof manifest>;

const definition = manifest.extend({
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ kind: z.string() }),
    versions: z.array(z.looseObject({ name: z.string(), served: z.boolean() })),
  }),
});

const TIMEOUT_MS = 180_000;
const INTERVAL_MS = 100;

/** Objects of a file in `manifests/`. */
export async function readManifests(file: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(manifestPath(file), 'utf8'));
  const objects: unknown[] = documents.map((document) => document.toJS() as unknown);
  return z.array(manifest).parse(objects);
}

function manifestPath(...segments: readonly string[]): string {
  return resourcePath('dev-cluster', 'embedded', 'control-plane', 'manifests', ...segments);
}

/** Server-side apply: namespaces first, the rest in any order. Repeating it changes nothing. */
export async function applyManifests(
  api: KubernetesApi,
  objects: readonly Manifest[],
  signal: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const discovery = new Discovery(api);
  const apply = async (object: Manifest): Promise<void> =>
    applyAt(api, await discovery.path(object, limit), object, limit);
  for (const object of objects.filter(({ kind }) => kind === 'Namespace')) await apply(object);
  await Promise.all(objects.filter(({ kind }) => kind !== 'Namespace').map(apply));
}

async function applyAt(
  api: KubernetesApi,
  path: string,
  object: Manifest,
  signal: AbortSignal,
): Promise<void> {
  const query = { fieldManager: 'slipway', force: 'true' };
  await api.patch(path, JSON.stringify(object), 'application/apply-patch+yaml', signal, query);
}

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** Which definitions are applied, by name, with a digest of each: looking at them costs the API server seconds. */
const RECORD = '/api/v1/namespaces/kube-system/configmaps/slipway-custom-resource-definitions';
const DIGEST = 'slipway.dev/digest';

/** Applies the custom resource definitions that ship, and resolves when the API server serves them all. */
export async function applyDefinitions(api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const known = await appliedDefinitions(api, limit);
  const files = (await readdir(manifestPath('crds'))).filter((name) => name.endsWith('.json'));
  const definitions = await Promise.all(files.map(readDefinition));
  const isServed = async ({ crd }: Definition): Promise<boolean> =>
    (await new Discovery(api).missing(crd.spec, limit)) === undefined;
  const isKnown = async (one: Definition): Promise<boolean> =>
    known[one.crd.metadata.name] === one.digest && (await isServed(one));
  const isGood = await Promise.all(definitions.map(isKnown));
  const stale = definitions.filter((_, index) => isGood[index] !== true);
  // One after the other: all at once, on a busy machine, each takes longer than the API server works on a request.
  for (const one of stale) await applyDefinition(api, one, limit);
  for (const one of stale) while (!(await isServed(one))) await delay(INTERVAL_MS, limit);
  const digests = Object.fromEntries(definitions.map(({ crd, digest }) => [crd.metadata.name, digest]));
  if (JSON.stringify(Object.entries(known).sort()) === JSON.stringify(Object.entries(digests).sort())) return;
  const [name = ''] = RECORD.split('/').slice(-1);
  const record = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: digests };
  await applyAt(api, RECORD, record, limit);
}

/**
 * Prose is half of the definitions, and the API server keeps each in several forms: some 50 MiB and a tenth of its start.
 * KServe's own come without. A property that is called `description` is a schema, not a text.
 */
function withoutDescription(key: string, value: unknown): unknown {
  return key === 'description' && typeof value === 'string' ? undefined : value;
}

interface Definition {
  readonly crd: z.infer<typeof definition>;
  /** Of the definition, which has it as an annotation, too. */
  readonly digest: string;
}

async function readDefinition(file: string): Promise<Definition> {
  const text = await readFile(manifestPath('crds', file), 'utf8');
  const crd = definition.parse(JSON.parse(text, withoutDescription));
  const digest = createHash('sha256').update(JSON.stringify(crd)).digest('hex');
  const annotations = { ...crd.metadata.annotations, [DIGEST]: digest };
  return { crd: { ...crd, metadata: { ...crd.metadata, annotations } }, digest };
}

/** Not by server-side apply: creating costs the API server half of that, and there is nothing to keep of an older one. */
async function applyDefinition(
  api: KubernetesApi,
  { crd, digest }: Definition,
  signal: AbortSignal,
): Promise<void> {
  const query = { fieldManager: 'slipway' };
  if (await unlessConflict(api.create(DEFINITIONS, crd, signal, query))) return;
  const path = `${DEFINITIONS}/${crd.metadata.name}`;
  // The API server's own controllers write the status of one that is new, again and again.
  for (;;) {
    const { metadata } = await api.get<KubernetesObject>(path, signal);
    // By an earlier try, whose answer came too late.
    if (metadata?.annotations?.[DIGEST] === digest) return;
    const replacement = { ...crd, metadata: { ...crd.metadata, resourceVersion: metadata?.resourceVersion } };
    if (await unlessConflict(api.replace(path, replacement, signal, query))) return;
  }
}

/** False when it met a conflict. */
async function unlessConflict(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isSlipwayError(error) && error.reason === 'conflict') return false;
    throw error;
  }
}

async function appliedDefinitions(
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  try {
    return (await api.get<ConfigMap>(RECORD, signal)).data ?? {};
  } catch (error) {
    if (isSlipwayError(error) && error.reason === 'notFound') return {};
    throw error;
  }
}

const resourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

type ResourceList = z.infer<typeof resourceList>['resources'];

/** Where objects live, as the API server's discovery says. */
class Discovery {
  readonly #api: KubernetesApi;
  readonly #lists = new Map<string, Promise<ResourceList>>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  async path({ apiVersion, kind, metadata }: Manifest, signal: AbortSignal): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resource = find(await this.#list(root, signal), kind);
    if (resource === undefined) throw new Error(`The API server has no ${apiVersion} ${kind}.`);
    const namespace = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    return `${root}${namespace}/${resource.name}/${metadata.name}`;
  }

  /** A version of the definition that isn't served (yet). Looks anew each time. */
  async missing(
    { group, names, versions }: z.infer<typeof definition>['spec'],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    this.#lists.clear();
    for (const { name } of versions.filter(({ served }) => served))
      if (find(await this.#list(`/apis/${group}/${name}`, signal), names.kind) === undefined) return name;
    return undefined;
  }

  async #list(root: string, signal: AbortSignal): Promise<ResourceList> {
    const known = this.#lists.get(root);
    if (known !== undefined) return known;
    const list = this.#fetch(root, signal);
    this.#lists.set(root, list);
    return list;
  }

  async #fetch(root: string, signal: AbortSignal): Promise<ResourceList> {
    try {
      return resourceList.parse(await this.#api.get(root, signal)).resources;
    } catch (error) {
      // A group without a single served kind.
      if (isSlipwayError(error) && error.reason === 'notFound') return [];
      throw error;
    }
  }
}

/** Subresources have the kind, too, and a slash in their names. */
function find(resources: ResourceList, kind: string): ResourceList[number] | undefined {
  return resources.find((one) => one.kind === kind && !one.name.includes('/'));
}
