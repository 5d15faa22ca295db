/** A state file that refuses: a clear 503, reading goes on, and so does everything once there is room again. */
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen, type ListeningApi } from '../../../dev-cluster/embedded/kfp/api/listen.ts';
import { openDatabase } from '../../../dev-cluster/embedded/kfp/store/database.ts';
import { fakeEngine } from '../../fakes/kfpEngine.ts';
import { request, TOKEN } from './service.ts';

let db: DatabaseSync;
let api: ListeningApi;
let reported: string[];

const open = (port: number): Promise<ListeningApi> =>
  listen({
    db,
    engine: fakeEngine(db),
    port,
    token: TOKEN,
    onError: (error) => reported.push(error.message),
  });

beforeEach(async () => {
  reported = [];
  db = openDatabase(':memory:');
  api = await open(0);
});

afterEach(async () => {
  await api.close();
  db.close();
});

const make = (name: string, description = ''): ReturnType<typeof request> =>
  request(api.url, 'POST', '/experiments', { display_name: name, description });

describe('state that refuses', () => {
  it('says that the disk is full, and works again when it is not', async () => {
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
    db.exec(`PRAGMA max_page_count = ${pages}`);
    const refused = await make('big', 'x'.repeat(100_000));
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({
      code: 14,
      message: expect.stringMatching(/disk .* is full/) as string,
    });
    expect(reported).toHaveLength(1);
    expect((await request(api.url, 'GET', '/experiments')).status).toBe(200);
    db.exec('PRAGMA max_page_count = 1000000');
    expect((await make('big', 'x'.repeat(100_000))).status).toBe(200);
  });

  it('says that it can’t be written', async () => {
    db.exec('PRAGMA query_only = 1');
    const refused = await make('any');
    expect(refused.status).toBe(503);
    expect(refused.body['message']).toMatch(/can't be written/);
    expect((await request(api.url, 'GET', '/experiments')).status).toBe(200);
    db.exec('PRAGMA query_only = 0');
    expect((await make('any')).status).toBe(200);
  });
});

describe('a port that is taken', () => {
  let stranger: Server;

  it('is left to its owner: the next free one is used', async () => {
    stranger = createServer();
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    const other = await open(port);
    expect(other.port).not.toBe(port);
    expect((await request(other.url, 'GET', '/runs')).status).toBe(200);
    await other.close();
    stranger.close();
  });
});
