/** `slipway up`, `down`, `status`, `start`, `stop` and `restart`. */
import * as supervisor from '../../dev-cluster/embedded/supervisor/up.ts';
import { components as all } from '../../dev-cluster/embedded/supervisor/components.ts';
import { down as stopAll } from '../../dev-cluster/embedded/supervisor/down.ts';
import { startComponents, stopComponents } from '../../dev-cluster/embedded/supervisor/single.ts';
import { readStatus, report } from '../../dev-cluster/embedded/supervisor/status.ts';
import type { ReportedComponent } from '../../dev-cluster/embedded/supervisor/status.ts';
import type { ExitCode, Input } from './command.ts';

/** With --json, one line per event; the last is `ready`. */
export async function up({ flag, signal }: Input): Promise<ExitCode> {
  const isJson = flag('json');
  const components = await supervisor.up(
    {
      waitForAll: flag('wait'),
      onProgress: ({ component, message, fraction }) =>
        print(
          isJson
            ? JSON.stringify({ event: 'progress', component, message, fraction })
            : `${component}: ${message}`,
        ),
    },
    signal,
  );
  if (isJson) print(JSON.stringify({ event: 'ready', components }));
  else print(table(components));
  return 0;
}

export async function down({ flag }: Input): Promise<ExitCode> {
  const stopped = await stopAll();
  if (flag('json')) print(JSON.stringify({ stopped }));
  else print(stopped.length === 0 ? 'Nothing was running.' : `Stopped ${stopped.join(', ')}.`);
  return 0;
}

/** 1 unless everything is ready that isn't started on demand only. */
export async function status({ flag }: Input): Promise<ExitCode> {
  const components = await report(await readStatus());
  if (flag('json')) print(JSON.stringify({ components }));
  else print(components.length === 0 ? 'Not running. Start it with slipway up.' : table(components));
  const isOnDemand = (name: string): boolean =>
    all.some((component) => component.name === name && component.isOnDemand === true);
  const isWell = components.every(
    ({ name, state }) => state === 'ready' || (state === 'stopped' && isOnDemand(name)),
  );
  return components.length > 0 && isWell ? 0 : 1;
}

export async function start({ arguments: names, flag, signal }: Input): Promise<ExitCode> {
  return show(await startComponents(names, signal), flag('json'));
}

export async function stop({ arguments: names, flag, signal }: Input): Promise<ExitCode> {
  return show(await stopComponents(names, signal), flag('json'));
}

export async function restart({ arguments: names, flag, signal }: Input): Promise<ExitCode> {
  await stopComponents(names, signal);
  return show(await startComponents(names, signal), flag('json'));
}

function show(components: readonly ReportedComponent[], isJson: boolean): ExitCode {
  print(isJson ? JSON.stringify({ components }) : table(components));
  return 0;
}

function table(components: readonly ReportedComponent[]): string {
  const rows = components.map(({ name, state, version, endpoint, memoryMiB, message }) => [
    name,
    state,
    version,
    memoryMiB === null ? '' : `${memoryMiB} MiB`,
    endpoint ?? message,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
