/**
 * A user who isn't root, with a home of their own, who has installed Slipway. They exist in a mount namespace only, so
 * that nothing of them is left on the machine: there, root's downloads are theirs, under another path.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { slipwayCache } from '../../../src/clients/embedded.ts';
import type { FaultClusterOptions } from './faultCluster.ts';

const vsix = join(import.meta.dirname, '..', '..', '..', 'dist', 'slipway.vsix');
const NAME = 'slipway-test';
const UID = 54_321;

/**
 * An overlay over root's home: what is changed there (who may pass through it, whose the downloads are) is changed in
 * the namespace alone. Python's interpreter may be in it, too.
 */
const SCRIPT = `
set -e
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work"
mount -t overlay overlay -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work,metacopy=on" "$root"
chmod 711 "$root"
chown -R "$uid:$uid" "$downloads"
mount --bind "$downloads" "$cache"
(cat /etc/passwd; echo "$name:x:$uid:$uid::$home:/bin/sh") > "$scratch/passwd"
mount --bind "$scratch/passwd" /etc/passwd
echo ready
exec sleep infinity
`;

export class OrdinaryUser {
  readonly uid = UID;
  readonly #place: string;
  readonly #holder: ChildProcess;

  private constructor(place: string, holder: ChildProcess) {
    this.#place = place;
    this.#holder = holder;
  }

  static async make(): Promise<OrdinaryUser> {
    const place = await mkdtemp(join(await realpath(tmpdir()), 'slipway-user-'));
    await chown(place, UID, UID);
    const folders = { home: 'ordinary üser', cache: 'their dównloads', tmp: 'tmp' };
    for (const folder of Object.values(folders)) {
      await mkdir(join(place, folder));
      await chown(join(place, folder), UID, UID);
    }
    const scratch = join(place, 'scratch');
    await mkdir(scratch);
    execFileSync('python3', ['-m', 'zipfile', '-e', vsix, join(place, 'extensións of mine')]);
    const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', SCRIPT], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        scratch,
        name: NAME,
        uid: String(UID),
        root: homedir(),
        downloads: slipwayCache(),
        cache: join(place, folders.cache),
        home: join(place, folders.home),
      },
    });
    const user = new OrdinaryUser(place, holder);
    try {
      const lines = createInterface({ input: holder.stdout });
      const first = (await Promise.race([once(lines, 'line'), once(holder, 'exit')])) as unknown[];
      if (first[0] !== 'ready') throw new Error('There can be no other user here.');
      return user;
    } catch (error) {
      await user.remove();
      throw error;
    }
  }

  /** For a cluster of theirs. */
  get options(): FaultClusterOptions {
    const inside = ['nsenter', `--mount=/proc/${this.#holder.pid ?? 0}/ns/mnt`];
    const as = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups', '--bounding-set=-all'];
    const home = join(this.#place, 'ordinary üser');
    return {
      through: [...inside, ...as],
      parent: home,
      owner: UID,
      cli: join(this.#place, 'extensións of mine', 'extension', 'dist', 'cli.js'),
      env: {
        HOME: home,
        USER: NAME,
        LOGNAME: NAME,
        TMPDIR: join(this.#place, 'tmp'),
        SLIPWAY_CACHE: join(this.#place, 'their dównloads'),
      },
    };
  }

  /** After their cluster. */
  async remove(): Promise<void> {
    if (this.#holder.exitCode === null && this.#holder.kill('SIGKILL')) await once(this.#holder, 'exit');
    await rm(this.#place, { recursive: true, force: true });
  }
}
