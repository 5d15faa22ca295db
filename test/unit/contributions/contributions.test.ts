import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  commands,
  contextKeys,
  editorType,
  settings,
  taskType,
  viewContainerId,
  viewIds,
  type CommandId,
} from '../../../src/contributions.ts';

const menuItem = z.object({ command: z.string(), when: z.string().optional(), group: z.string().optional() });
const manifestSchema = z.object({
  activationEvents: z.array(z.string()),
  capabilities: z.object({
    untrustedWorkspaces: z.object({
      supported: z.literal('limited'),
      description: z.string().min(10),
      restrictedConfigurations: z.array(z.string()),
    }),
    virtualWorkspaces: z.literal(false),
  }),
  contributes: z.object({
    commands: z.array(
      z.object({
        command: z.string(),
        title: z.string(),
        category: z.literal('Slipway'),
        icon: z.string().optional(),
      }),
    ),
    viewsContainers: z.object({ activitybar: z.array(z.object({ id: z.string(), icon: z.string() })) }),
    views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
    viewsWelcome: z.array(z.object({ view: z.string(), contents: z.string(), when: z.string() })),
    menus: z.record(z.string(), z.array(menuItem)),
    keybindings: z.array(z.object({ command: z.string(), key: z.string(), when: z.string() })),
    configuration: z.object({
      properties: z.record(
        z.string(),
        z.object({ type: z.string(), default: z.unknown(), scope: z.string() }),
      ),
    }),
    customEditors: z.array(z.looseObject({ viewType: z.string(), priority: z.string() })),
    taskDefinitions: z.array(z.object({ type: z.string() })),
  }),
});
const manifest = manifestSchema.parse(JSON.parse(readFileSync('package.json', 'utf8')));
const { contributes } = manifest;
const sorted = (values: Iterable<string>): string[] => [...values].toSorted();

const allMenuItems = Object.entries(contributes.menus).flatMap(([menu, items]) =>
  items.map((item) => ({ menu, ...item })),
);
const allWhens = [
  ...allMenuItems.map((item) => item.when ?? ''),
  ...contributes.viewsWelcome.map((one) => one.when),
  ...contributes.keybindings.map((one) => one.when),
];

test('a command that is a button has an icon: else its title is drawn over the row', () => {
  const withIcon = new Set(
    contributes.commands.filter(({ icon }) => icon !== undefined).map((one) => one.command),
  );
  const buttons = allMenuItems.filter(({ group }) => /^(inline|navigation)/.test(group ?? ''));
  expect(buttons.filter(({ command }) => !withIcon.has(command))).toEqual([]);
});

describe('package.json and contributions.ts say the same', () => {
  test('commands', () => {
    expect(sorted(contributes.commands.map((one) => one.command))).toEqual(sorted(Object.keys(commands)));
  });

  test('views and their container', () => {
    expect(Object.keys(contributes.views)).toEqual([viewContainerId]);
    expect(contributes.viewsContainers.activitybar.map((one) => one.id)).toEqual([viewContainerId]);
    expect(sorted(Object.values(contributes.views).flatMap((views) => views.map((view) => view.id)))).toEqual(
      sorted(Object.values(viewIds)),
    );
  });

  test('settings, their types and their defaults', () => {
    const { properties } = contributes.configuration;
    expect(sorted(Object.keys(properties))).toEqual(sorted(Object.keys(settings)));
    for (const [id, { defaultValue }] of Object.entries(settings)) {
      expect({ id, default: properties[id]?.default, type: properties[id]?.type }).toEqual({
        id,
        default: defaultValue,
        type: Array.isArray(defaultValue) ? 'array' : typeof defaultValue,
      });
    }
  });

  test('restricted settings are those that may not come from an untrusted folder', () => {
    const restricted = Object.entries(settings).filter(([, setting]) => setting.isRestricted);
    expect(sorted(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)).toEqual(
      sorted(restricted.map(([id]) => id)),
    );
  });

  test('the palette shows a command when contributions.ts says so', () => {
    const palette = new Map(
      contributes.menus['commandPalette']?.map((item) => [item.command, item.when]) ?? [],
    );
    const said = Object.fromEntries(
      (Object.keys(commands) as CommandId[]).map((id) => {
        const when = palette.get(id);
        return [id, when === undefined ? 'always' : when === 'false' ? 'never' : when];
      }),
    );
    expect(said).toEqual(commands);
    expect(palette.size).toBe(contributes.menus['commandPalette']?.length);
  });

  test('context keys: each of ours in a when-clause is known, and each known one is used', () => {
    const used = new Set(
      allWhens
        // Ids of views and editors are other namespaces.
        .map((when) =>
          when.replaceAll(
            /\b(?:view|focusedView|activeCustomEditorId|activeWebviewPanelId) [!=]= '?[\w.]+'?/g,
            '',
          ),
        )
        .flatMap((when) => [...when.matchAll(/\bslipway\.[\w.]+/g)].map((match) => match[0])),
    );
    expect(sorted(used)).toEqual(sorted(Object.keys(contextKeys)));
  });

  test('the pipeline editor is offered for pipeline files, and never takes them from the text editor', () => {
    expect(contributes.customEditors).toMatchObject([
      {
        viewType: editorType,
        priority: 'option',
        selector: [{ filenamePattern: '*.pipeline.yaml' }, { filenamePattern: '*.pipeline.yml' }],
      },
    ]);
  });

  test('the task type', () => {
    expect(contributes.taskDefinitions.map((one) => one.type)).toEqual([taskType]);
  });

  test('menus, keys and welcome texts name commands that exist', () => {
    const known = new Set<string>(Object.keys(commands));
    const named = [
      ...allMenuItems.map((item) => item.command),
      ...contributes.keybindings.map((one) => one.command),
      ...contributes.viewsWelcome.flatMap((one) =>
        [...one.contents.matchAll(/\(command:([\w.]+)\)/g)].map((match) => match[1] ?? ''),
      ),
    ];
    expect(named.filter((command) => !known.has(command))).toEqual([]);
  });

  test('a command that the palette never shows can be reached from a row or an inline button', () => {
    const inMenus = new Set(
      allMenuItems.filter((item) => item.menu !== 'commandPalette').map((item) => item.command),
    );
    const hidden = Object.entries(commands)
      .filter(([, when]) => when === 'never')
      .map(([id]) => id);
    // Rows that are themselves buttons, and links of the run graph.
    const onClick = ['slipway.pipelines.loadMore', 'slipway.artifact.open'];
    expect(hidden.filter((id) => !inMenus.has(id) && !onClick.includes(id))).toEqual([]);
  });

  test('every menu item of the view says which view and rows it is for', () => {
    for (const item of contributes.menus['view/item/context'] ?? [])
      expect(item.when).toMatch(/^view == slipway\.(pipelines|environment) && viewItem =~ \/\^/);
  });
});

test('icons that the manifest names are there', () => {
  for (const { icon } of contributes.viewsContainers.activitybar)
    expect(readFileSync(icon, 'utf8')).toContain('<svg');
});
