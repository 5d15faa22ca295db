// Types as strict as they come, and the architecture as lint: who may import whom (README, "Map of folders").
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const nouns = ['pipelines', 'experiments', 'features', 'training', 'serving', 'retraining'];

const clients = ['kubernetes', 'kfp', 'mlflow', 'feast', 'kserve', 'prometheus'];

/** One rule per folder: what it may not reach, and what to do instead. Paths are from the repository root. */
const zones = [
  {
    target: './src/core',
    from: './',
    except: ['./src/core', './node_modules'],
    message:
      'core is ring 0: pure TypeScript. Pass what it needs in as an argument, or move the code out of core.',
  },
  {
    target: './src/clients',
    from: ['./src', './dev-cluster', './webviews'],
    except: ['./core', './clients'],
    message: 'clients know only core. Let the caller pass values in.',
  },
  ...clients.map((client) => ({
    target: `./src/clients/${client}`,
    from: clients
      .filter((other) => other !== client && !(client === 'kserve' && other === 'kubernetes'))
      .map((other) => `./src/clients/${other}`),
    message: 'clients do not know each other. Let the caller pass values in.',
  })),
  {
    target: './src/environment',
    from: ['./src', './dev-cluster', './webviews'],
    except: ['./core', './clients', './platform', './environment', './contributions.ts'],
    message:
      'environment knows platform, clients and core. A noun subscribes to the Session; never the reverse.',
  },
  {
    target: './src/platform',
    from: ['./src', './dev-cluster', './webviews'],
    except: ['./core', './platform', './contributions.ts'],
    message: 'platform adapts vscode and knows only core and contributions. Take the rest as a parameter.',
  },
  ...nouns.map((noun) => ({
    target: `./src/${noun}`,
    from: ['./src', './dev-cluster', './webviews'],
    except: ['./core', './clients', './platform', './environment', './contributions.ts', `./${noun}`],
    message: 'nouns never import each other: cross over by a typed command, or take a store as a parameter.',
  })),
  {
    target: './src/controller',
    from: ['./src', './dev-cluster', './webviews'],
    except: ['./core', './clients', './controller'],
    message: 'the controller knows clients and core only: it is bundled alone.',
  },
  {
    target: './src/cli',
    from: ['./src', './webviews'],
    except: ['./core', './clients', './controller', './cli'],
    message:
      'the cli is a composition root without vscode: it knows dev-cluster, controller, clients and core.',
  },
  {
    target: './src/extension.ts',
    from: ['./dev-cluster', './webviews', './src/cli', './src/clients'],
    message:
      'the extension never imports dev-cluster or a client: run dist/cli.js, or go through the Session.',
  },
  {
    target: ['./src/session.ts', './src/graph-worker.ts'],
    from: ['./dev-cluster', './webviews', './src/cli'],
    message: 'the extension never imports dev-cluster: run dist/cli.js.',
  },
  {
    target: './dev-cluster',
    from: ['./src', './webviews', './test'],
    except: ['./core', './clients'],
    message: 'dev-cluster knows clients and core: it must run without an editor.',
  },
  {
    target: './webviews',
    from: ['./src', './dev-cluster', './test'],
    except: ['./core'],
    message: 'webviews know only core. Ask the host through the protocol in src/core/protocol.',
  },
  {
    target: ['./src', './dev-cluster', './webviews'],
    from: './test',
    message: 'nothing imports test.',
  },
];

// import-x takes one `from` per zone when `except` is relative to it, so a zone with several is spread out.
const spread = zones.flatMap((zone) =>
  [zone.from].flat().map((from) => ({
    ...zone,
    from,
    except: (zone.except ?? []).filter((path) => from === './src' || from === './' || path === from),
  })),
);

const bans = {
  vscode: { name: 'vscode', message: 'only nouns, environment, platform and extension.ts know vscode.' },
  axios: { name: 'axios', message: 'HTTP goes through src/clients/http.ts.' },
  toolkit: {
    group: ['@vscode/webview-ui-toolkit', '@vscode/webview-ui-toolkit/**'],
    message: 'form controls come from webviews/shared/controls.ts.',
  },
  node: { group: ['node:*'], message: 'this ring runs without Node: take what you need as a parameter.' },
};
const ban = (...which) => ({
  '@typescript-eslint/no-restricted-imports': [
    'error',
    { paths: which.filter((one) => 'name' in one), patterns: which.filter((one) => 'group' in one) },
  ],
});

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      'test/editor/node_modules',
      'test/fixtures',
      'test/.out',
      'dev-cluster/seed',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.json', 'src/core/tsconfig.json', 'webviews/tsconfig.json', 'test/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'] } } },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: spread }],
      'import-x/no-default-export': 'error',
      'no-console': 'error',
      'no-eval': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // The reason of an AbortSignal is unknown, and is passed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/only-throw-error': 'error',
      'max-lines': ['error', { max: 480, skipBlankLines: true, skipComments: true }],
      ...ban(bans.axios, bans.toolkit),
    },
  },
  {
    files: ['src/core/**'],
    rules: ban(bans.vscode, bans.axios, bans.toolkit, bans.node),
  },
  {
    files: ['webviews/**'],
    rules: ban(bans.vscode, bans.axios, bans.toolkit, bans.node),
  },
  { files: ['webviews/shared/controls.ts'], rules: ban(bans.vscode, bans.axios, bans.node) },
  {
    files: [
      'src/clients/**',
      'src/cli/**',
      'src/controller/**',
      'dev-cluster/**',
      'src/*/store.ts',
      'src/*/tree.ts',
    ],
    rules: ban(bans.vscode, bans.axios, bans.toolkit),
  },
  { files: ['src/clients/http.ts'], rules: ban(bans.vscode, bans.toolkit) },
  // Two places print: the cli's output and the runners of tests and benches.
  { files: ['src/cli/**', 'dev-cluster/start/**', 'test/**'], rules: { 'no-console': 'off' } },
  { files: ['test/**', '*.config.ts'], rules: { 'import-x/no-default-export': 'off', 'max-lines': 'off' } },
);
