/** Where the services are: the same names for those that start them and those that ask them. */
import { join } from 'node:path';
import { slipwayHome } from '../../../src/clients/embedded.ts';
import { stablePort } from '../ports.ts';

/** The service user's name, wherever one is asked for beside a password. */
export const USERNAME = 'slipway';

/** One folder per service: its data, and the files with secrets that it reads. */
export function serviceFolder(name: string, home = slipwayHome()): string {
  return join(home, 'embedded', name);
}

/** The port a service was started on, whoever listens there now. */
export function servicePort(name: string, signal: AbortSignal): Promise<number> {
  return stablePort(name, signal, { isOurs: true });
}

export const POSTGRES = 'postgres';

/** A libpq password file for this server alone. */
export function postgresPasswordFile(): string {
  return join(serviceFolder(POSTGRES), 'pgpass');
}

/** SQLAlchemy's, without a password: its reader gets `postgresPasswordFile` as PGPASSFILE, or as `?passfile=`. */
export async function postgresUrl(database: string, signal: AbortSignal): Promise<string> {
  return `postgresql+psycopg://${USERNAME}@127.0.0.1:${await servicePort(POSTGRES, signal)}/${database}`;
}

/** For programs that would send requests to this machine through the user's proxy. */
export function withoutProxy(env: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  const own = [env['NO_PROXY'] ?? env['no_proxy'] ?? '', '127.0.0.1', 'localhost'].filter(
    (host) => host !== '',
  );
  return { NO_PROXY: own.join(','), no_proxy: own.join(',') };
}
