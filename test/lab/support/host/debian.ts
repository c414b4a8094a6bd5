import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../paths.ts';
import { must } from './process.ts';

/** The keys of Debian's archive; package `debian-archive-keyring`. */
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The Debian mirror of this machine's apt; undefined where it has none (on Ubuntu): mmdebstrap then takes its own. */
export async function debianMirror(): Promise<string | undefined> {
  const listed = await must('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  return listed.split('\n').find((uri) => /\/debian\/?$/.test(uri));
}

/** The mirror that root file systems were built from. Throws when there is none yet. */
export async function builtMirror(): Promise<string> {
  const mirror = (await debianMirror()) ?? rootfsMirrors()[0];
  if (mirror === undefined) throw new Error('no root file system says which Debian mirror it is from');
  return mirror;
}

/** What mmdebstrap wrote down in the root file systems that are there. */
function rootfsMirrors(): readonly string[] {
  const folder = join(cacheDir(), 'rootfs');
  return readdirSync(folder).flatMap((name) => {
    try {
      const sources = readFileSync(join(folder, name, 'etc/apt/sources.list'), 'utf8');
      return /^deb (?:\[[^\]]*\] )?(\S+\/debian\/?) /m.exec(sources)?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
