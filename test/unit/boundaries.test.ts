/** The architecture is lint: in every ring one violation is planted and must be refused with advice; a clean import passes. */
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const eslint = new ESLint({
  // Where CI is set, typescript-eslint reads the file on disk instead of the text it is given.
  overrideConfig: { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } },
});
const rules = ['import-x/no-restricted-paths', '@typescript-eslint/no-restricted-imports', 'no-console'];

/** Lints `code` as if it stood in `filePath`: the messages of the rules that draw boundaries. */
async function complaints(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  const messages = result?.messages ?? [];
  const fatal = messages.find((message) => message.fatal === true);
  if (fatal !== undefined) throw new Error(fatal.message);
  return messages.filter(({ ruleId }) => rules.includes(ruleId ?? '')).map(({ message }) => message);
}

/** A real file of the ring (typed lint knows only those), what it must not import and what it is told, and what it may. */
const rings = [
  {
    ring: 'core knows nothing outside core',
    file: 'src/core/base/errors.ts',
    forbidden: '../../clients/http.ts',
    advice: 'core is ring 0',
    allowed: './json.ts',
  },
  {
    ring: 'core knows no vscode',
    file: 'src/core/base/errors.ts',
    forbidden: 'vscode',
    advice: 'only nouns, environment, platform and extension.ts know vscode',
    allowed: './json.ts',
  },
  {
    ring: 'core knows no Node',
    file: 'src/core/base/errors.ts',
    forbidden: 'node:fs',
    advice: 'this ring runs without Node',
    allowed: './json.ts',
  },
  {
    ring: 'clients know no vscode',
    file: 'src/clients/http.ts',
    forbidden: 'vscode',
    advice: 'only nouns, environment, platform and extension.ts know vscode',
    allowed: 'axios',
  },
  {
    ring: 'clients know no noun',
    file: 'src/clients/embedded.ts',
    forbidden: '../contributions.ts',
    advice: 'clients know only core',
    allowed: '../core/base/errors.ts',
  },
  {
    ring: 'one HTTP client',
    file: 'src/clients/embedded.ts',
    forbidden: 'axios',
    advice: 'HTTP goes through src/clients/http.ts',
    allowed: './http.ts',
  },
  {
    ring: 'the extension starts the cluster by its command line',
    file: 'src/extension.ts',
    forbidden: '../dev-cluster/embedded/python/environments.ts',
    advice: 'the extension never imports dev-cluster or a client',
    allowed: './contributions.ts',
  },
  {
    ring: 'the lazily loaded half of the extension neither',
    file: 'src/session.ts',
    forbidden: '../dev-cluster/embedded/python/environments.ts',
    advice: 'the extension never imports dev-cluster',
    allowed: './clients/http.ts',
  },
  {
    ring: 'a noun knows no dev-cluster',
    file: 'src/pipelines/store.ts',
    forbidden: '../../dev-cluster/embedded/python/environments.ts',
    advice: 'nouns never import each other',
    allowed: '../clients/kfp/api.ts',
  },
  {
    ring: "a noun's store knows no vscode",
    file: 'src/pipelines/store.ts',
    forbidden: 'vscode',
    advice: 'only nouns, environment, platform and extension.ts know vscode',
    allowed: '../core/base/event.ts',
  },
  {
    ring: 'environment knows no noun',
    file: 'src/environment/session.ts',
    forbidden: '../pipelines/store.ts',
    advice: 'environment knows platform, clients and core',
    allowed: '../clients/embedded.ts',
  },
  {
    ring: 'platform knows no client',
    file: 'src/platform/settings.ts',
    forbidden: '../clients/http.ts',
    advice: 'platform adapts vscode',
    allowed: '../contributions.ts',
  },
  {
    ring: 'the cli knows no vscode',
    file: 'src/cli/main.ts',
    forbidden: 'vscode',
    advice: 'only nouns, environment, platform and extension.ts know vscode',
    allowed: '../../dev-cluster/embedded/python/environments.ts',
  },
  {
    ring: 'the cli knows no noun',
    file: 'src/cli/main.ts',
    forbidden: '../pipelines/store.ts',
    advice: 'the cli is a composition root without vscode',
    allowed: '../clients/http.ts',
  },
  {
    ring: 'dev-cluster runs without an editor',
    file: 'dev-cluster/embedded/python/environments.ts',
    forbidden: '../../../src/contributions.ts',
    advice: 'dev-cluster knows clients and core',
    allowed: '../../../src/core/base/errors.ts',
  },
  {
    ring: 'webviews ask the host',
    file: 'webviews/pipelines/runGraph.tsx',
    forbidden: '../../src/clients/http.ts',
    advice: 'webviews know only core',
    allowed: '../../src/core/base/errors.ts',
  },
  {
    ring: 'webviews share their form controls',
    file: 'webviews/pipelines/runGraph.tsx',
    forbidden: '@vscode/webview-ui-toolkit/react',
    advice: 'form controls come from webviews/shared/controls.ts',
    allowed: '../shared/controls.ts',
  },
  {
    ring: 'nothing imports test',
    file: 'src/clients/embedded.ts',
    forbidden: '../../test/bench/suite.ts',
    advice: 'nothing imports test',
    allowed: '../core/base/json.ts',
  },
] as const;

describe('boundaries', () => {
  it.each(rings)('$ring', { timeout: 60_000 }, async ({ file, forbidden, advice, allowed }) => {
    expect(await complaints(file, `import '${forbidden}';\n`)).toEqual([expect.stringContaining(advice)]);
    expect(await complaints(file, `import '${allowed}';\n`)).toEqual([]);
  });

  it('lets only the command line, the starter and tests print', async () => {
    const print = "console.log('hello');\n";
    expect(await complaints('src/clients/embedded.ts', print)).not.toEqual([]);
    expect(await complaints('src/cli/main.ts', print)).toEqual([]);
  });
});
