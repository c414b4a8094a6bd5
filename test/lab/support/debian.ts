import { must } from './process.ts';

/** The keys of Debian's archive; package `debian-archive-keyring`. */
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The Debian mirror this machine uses, or Debian's own name for the nearest one (on Ubuntu). */
export async function debianMirror(): Promise<string> {
  const listed = await must('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  const mirror = listed.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  return mirror ?? 'http://deb.debian.org/debian';
}
