import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { canvasKeyList } from '../../../src/core/protocol/canvasKeys.ts';

const { contributes } = z
  .object({
    contributes: z.object({
      commands: z.array(z.object({ command: z.string(), title: z.string() })),
      keybindings: z.array(
        z.object({ command: z.string(), key: z.string(), mac: z.string().optional(), when: z.string() }),
      ),
    }),
  })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

test('the canvas’s table of keys is package.json’s, only while its editor has the focus', () => {
  const contributed = contributes.keybindings
    .filter(({ command }) => command.startsWith('slipway.canvas.'))
    .map(({ command, key, mac, when }) => ({
      command,
      key,
      mac,
      when,
      title: contributes.commands.find((one) => one.command === command)?.title,
    }));
  expect(contributed).toEqual(
    canvasKeyList
      .filter((row) => row.isBuiltIn !== true)
      .map(({ act, title, keys, mac }) => ({
        command: `slipway.canvas.${act}`,
        key: keys[0],
        mac,
        when: "activeCustomEditorId == 'slipway.pipelineEditor' && slipway.canvasFocus && !listFocus && !inputFocus",
        title: `Canvas: ${title}`,
      })),
  );
});

test('no key means two things', () => {
  const keys = canvasKeyList.flatMap((row) => row.keys);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
});
