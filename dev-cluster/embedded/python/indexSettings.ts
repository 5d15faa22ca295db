/** uv does not read pip's settings; people's mirrors, certificates and proxies are usually said to pip. */
import { runTool } from './tool.ts';

/** What an installer is told beside the user's environment: pip's variables under the names uv reads, unless uv's own are set. */
export function uvEnvironment(
  env: NodeJS.ProcessEnv,
  pipConfig: ReadonlyMap<string, string>,
): NodeJS.ProcessEnv {
  const pip = (name: string): string | undefined =>
    env[`PIP_${name.toUpperCase().replaceAll('-', '_')}`] ?? pipConfig.get(name);
  const ownIndex = env['UV_DEFAULT_INDEX'] ?? env['UV_INDEX_URL'];
  const ownExtra = env['UV_INDEX'] ?? env['UV_EXTRA_INDEX_URL'];
  const wanted: Readonly<Record<string, string | undefined>> = {
    UV_DEFAULT_INDEX: ownIndex === undefined ? pip('index-url') : undefined,
    UV_INDEX: ownExtra === undefined ? pip('extra-index-url') : undefined,
    UV_INSECURE_HOST: pip('trusted-host'),
    UV_HTTP_TIMEOUT: pip('timeout') ?? pip('default-timeout'),
    SSL_CERT_FILE: pip('cert'),
    HTTPS_PROXY: env['https_proxy'] === undefined ? pip('proxy') : undefined,
    // Downloading a whole Python would be a surprise, and its host is none of the usual registries.
    UV_PYTHON_DOWNLOADS: 'never',
  };
  const result: NodeJS.ProcessEnv = { ...env };
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== undefined && value !== '') result[name] ??= value;
  }
  // The editor may have been started from an activated environment: ours do not depend on it.
  for (const name of ['VIRTUAL_ENV', 'PYTHONPATH', 'PYTHONHOME']) Reflect.deleteProperty(result, name);
  return result;
}

const CONFIG_TIMEOUT_MS = 20_000;

/** pip's configuration files as `index-url` → value; empty when there is no pip. */
export async function readPipConfig(
  python: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(CONFIG_TIMEOUT_MS)]);
  const { code, stdout } = await runTool(python, ['-m', 'pip', 'config', 'list'], { env }, limit);
  if (code !== 0) return new Map();
  const settings = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    // e.g. global.index-url='https://pypi.example.com/simple'; `install.` beats `global.`, as for pip install.
    const match = /^(global|install)\.([a-z-]+)=(['"])(.*)\3$/.exec(line.trim());
    if (match?.[2] === undefined || match[4] === undefined) continue;
    if (match[1] === 'install' || !settings.has(match[2]))
      settings.set(match[2], match[4].replaceAll('\\n', ' ').trim());
  }
  return settings;
}
