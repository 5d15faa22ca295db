/** A Chromium for tests: the machine's own, else Debian's package, else Playwright's download. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { command } from '../../../dev-cluster/start/command.ts';
import { repositoryRoot } from '../../../dev-cluster/start/root.ts';

const isRoot = process.getuid?.() === 0;

/** Installs one when there is none: minutes on a cold machine, at once afterwards. */
export async function ensureChromium(signal: AbortSignal): Promise<string> {
  const found = findChromium();
  if (found !== undefined) return found;
  if (isRoot && onPath('apt-get') !== undefined) {
    await command('apt-get', ['update'], { signal });
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const packages = ['chromium', 'fonts-dejavu-core'];
    await command('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { signal, env });
  } else {
    const playwright = join(repositoryRoot, 'node_modules', 'playwright-core', 'cli.js');
    await command(process.execPath, [playwright, 'install', 'chromium'], { signal });
  }
  const installed = findChromium();
  if (installed === undefined)
    throw new Error(
      'No Chromium on PATH after installing it: install Chromium or Google Chrome and run again.',
    );
  return installed;
}

function findChromium(): string | undefined {
  const names = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'];
  const system = names.map(onPath).find((path) => path !== undefined);
  return system ?? [chromium.executablePath()].find((path) => existsSync(path));
}

function onPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** `more`: switches of this caller alone, e.g. of a benchmark. */
export async function launchChromium(signal: AbortSignal, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: await ensureChromium(signal),
    args: [
      // Chromium's sandbox refuses root, which is what containers and CI machines run as.
      ...(isRoot ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}
