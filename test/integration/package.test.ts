/** What is in dist/slipway.vsix (`npm run package`, and the build stage of `npm test`, make it). */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const vsix = join(root, 'dist', 'slipway.vsix');

/** Every file that ships fits one line, and every line fits a file. */
const expected = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/package\.json$/,
  /^extension\/(readme|changelog|SECURITY)\.md$/,
  /^extension\/LICENSE\.txt$/,
  /^extension\/resources\/[\w-]+\.svg$/,
  /^extension\/resources\/starters\/[\w-]+\.yaml$/,
  /^extension\/python\/(compile_pipelines|run_component)\.py$/,
  /^extension\/dist\/package\.json$/,
  /^extension\/dist\/(web-tree-sitter|tree-sitter-python)\.wasm$/,
  /^extension\/snippets\/kfp\.code-snippets$/,
  /^extension\/dist\/(extension|session|kubernetes|graph-worker|cli)\.js$/,
  /^extension\/dist\/webviews\/(runGraph|graphDiff|runForm|doctor|shared-[A-Z0-9]+)\.js$/,
  /^extension\/dist\/webviews\/(runGraph|graphDiff|runForm|doctor)\.css$/,
  /^extension\/dist\/webviews\/codicon\.ttf$/,
  /^extension\/dev-cluster\/embedded\/binaries\/modules\/(etcd|jobset|kserve|kubernetes|trainer|versitygw)\/go\.(mod|sum)$/,
  /^extension\/dev-cluster\/embedded\/binaries\/modules\/kubernetes\/control-plane\/main\.go$/,
  /^extension\/dev-cluster\/embedded\/python\/(debugpy|feast|go|jax|kfp|kfp-runtime|kserve|mlflow|python|redis|uv)\.lock\.txt$/,
  /^extension\/dev-cluster\/embedded\/python\/(credential|feast_service|mlflow_service)\.py$/,
  /^extension\/dev-cluster\/embedded\/python\/images\/\w+\.py$/,
  /^extension\/dev-cluster\/embedded\/control-plane\/manifests\/(README\.md|[\w-]+\.yaml|crds\/[\w.-]+\.json)$/,
  /^extension\/dev-cluster\/seed\/(README\.md|requirements\.txt|\.gitignore|\.vscode\/settings\.json)$/,
  /^extension\/dev-cluster\/seed\/pipelines\/\w+(\.pipeline\.yaml|\.py)$/,
  /^extension\/dev-cluster\/seed\/features\/(churn\.py|feature_store\.yaml)$/,
  /^extension\/dev-cluster\/seed\/training\/(make_data|train)\.py$/,
];

/** Names in a zip's central directory, which ends the file. */
async function zipEntries(path: string): Promise<string[]> {
  const zip = await readFile(path);
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  expect(end).toBeGreaterThan(0);
  const names: string[] = [];
  let offset = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(offset + 28);
    names.push(zip.toString('utf8', offset + 46, offset + 46 + nameLength));
    offset += 46 + nameLength + zip.readUInt16LE(offset + 30) + zip.readUInt16LE(offset + 32);
  }
  return names.filter((name) => !name.endsWith('/'));
}

describe('the packaged extension', () => {
  it('holds exactly what is meant to ship', async () => {
    const files = await zipEntries(vsix);
    expect(files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
    expect(expected.filter((pattern) => !files.some((file) => pattern.test(file)))).toEqual([]);
  });

  it('is under 6 MB', async () => {
    expect((await stat(vsix)).size).toBeLessThan(6 * 1024 * 1024);
  });
});
