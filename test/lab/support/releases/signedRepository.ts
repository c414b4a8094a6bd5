import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the playbook finds the key. */
export const REPOSITORY_KEY = join(tmpdir(), 'quorate-lab-repository.asc');

/** Shell that writes what there is to sign beside the packages of `debRepository`, and makes apt forget them. */
export const RELEASE = `cd /srv/lab-repo && rm -f /etc/apt/sources.list && { printf 'Date: %s\\nSuite: ./\\nSHA256:\\n' "$(date -u -R)"; printf ' %s %s Packages\\n' "$(sha256sum <Packages | cut -d' ' -f1)" "$(stat -c %s Packages)"; } >Release && cat Release`;

/** Signs the text of a Release file with a new key, which goes to `REPOSITORY_KEY`. Needs gpg on this machine. */
export function signed(release: string): string {
  const home = mkdtempSync(join(tmpdir(), 'quorate-gpg-'));
  const gpg = (args: readonly string[], input = '') =>
    execFileSync('gpg', ['--batch', '--quiet', '--homedir', home, ...args], {
      input,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  try {
    gpg(['--passphrase', '', '--quick-generate-key', 'lab <lab@example.org>', 'rsa2048', 'sign', 'never']);
    writeFileSync(REPOSITORY_KEY, gpg(['--armor', '--export']));
    return gpg(['--clearsign'], release);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
