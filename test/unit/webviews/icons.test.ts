import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { icons } from '../../../webviews/shared/icons.ts';

it('every icon is where the package has it', async () => {
  const css = await readFile(fileURLToPath(import.meta.resolve('@vscode/codicons/dist/codicon.css')), 'utf8');
  const places = new Map(
    [...css.matchAll(/\.codicon-([a-z0-9-]+):before \{ content: "\\([0-9a-f]+)" \}/g)].map(
      ([, name = '', place = '']) => [name, Number.parseInt(place, 16)],
    ),
  );
  for (const [name, glyph] of Object.entries(icons))
    expect(glyph.codePointAt(0), name).toBe(places.get(name));
});
