import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { program } from '../../program.ts';
import { describeLab } from '../support/describeLab.ts';
import { collect } from '../support/host/process.ts';
import { labDir } from '../support/host/record.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { type Sightings, spy } from '../support/spy.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const SSL = '/opt/etcd/ssl';

/** With what shells, JSON and sudoers might trip over. */
const canary = (what: string) => `kanari-${what}'"$\\${randomBytes(9).toString('hex')}`;
const LOGIN = canary('login');
const SUDO = canary('sudo');
const PASSPHRASE = canary('passphrase');

/** Every command that scripts call, behind a wrapper that writes down what it was given. */
const WRAPPED = `base64 cat chmod chown cut date df getent grep groupadd head id ip journalctl ln ls mkdir mv nft
readlink rm sed sha256sum sleep stat sync systemctl tail timeout tr useradd uname wc`;
const WRAP = `for name in ${WRAPPED.replaceAll('\n', ' ')}; do
  real=$(command -v "$name") || continue
  printf '#!/bin/sh\\n{ printf "%%s\\\\n" "$0" "$@"; /usr/bin/cat /proc/$$/environ; } >>/run/arguments\\nexec %s "$@"\\n' "$real" >/usr/local/bin/$name
done
: >/run/arguments; chmod 666 /run/arguments; chmod 755 /usr/local/bin/*`;

/** Says more than it should, and fails. */
const CHATTY_CHOWN = `#!/bin/sh
for path do case $path in *-key.pem*) /usr/bin/cat "$path"; exit 1 ;; esac; done
exec /usr/bin/chown "$@"
`;
const CHATTY_SUDO = `#!/bin/sh
while [ "$1" != -p ]; do shift; done
printf %s "$2" >&2; IFS= read -r password; printf 'sudo: tried %s\\n' "$password" >&2; exit 1
`;

describeLab('secrets at highest verbosity', () => {
  let lab: Lab;
  let dir: string;
  let inventory: string;
  let watched: ReturnType<typeof spy>;
  let sightings: Sightings;
  /** What runs showed, by the name of the run. */
  const shown = new Map<string, string>();

  beforeAll(async () => {
    lab = await startLab({ name: 'secrets' });
    dir = mkdtempSync(join(tmpdir(), 'quorate-secrets-'));
    inventory = join(dir, 'inventory.yaml');
    const described = parse(readFileSync(lab.inventoryFile, 'utf8'));
    const { ansible_ssh_private_key_file: _, ...vars } = described.etcd.vars;
    Object.assign(vars, {
      ansible_user: 'ops',
      ansible_password: LOGIN,
      ansible_become: true,
      ansible_become_password: SUDO,
    });
    described.etcd.vars = vars;
    writeFileSync(inventory, stringify(described), { mode: 0o600 });
    for (const { name } of lab.hosts) {
      // sudo asks for root's password, so that the two are told apart.
      const prepared = await lab.enter(
        name,
        `chpasswd && echo 'Defaults rootpw' >/etc/sudoers.d/rootpw\n${WRAP}`,
        { input: `ops:${LOGIN}\nroot:${SUDO}\n` },
      );
      expect(prepared).toMatchObject({ code: 0, stderr: '' });
    }
    const layers = lab.hosts.map(({ name }) => join(labDir(lab.name), 'hosts', name, 'upper', SSL));
    watched = spy([...layers, join(dir, '.quorate')]);
  });
  afterAll(async () => {
    watched?.stop();
    rmSync(dir, { recursive: true, force: true });
    await lab?.stop();
  });

  const start = (args: readonly string[], onTerminal = false): ChildProcess => {
    const site = program('playbooks/site.ts');
    const line = ['node', site, '-i', inventory, '-vvv', '--diff', '--log', log, ...args];
    const [command = '', ...rest] = onTerminal ? ['script', '-qec', line.join(' '), '/dev/null'] : line;
    return lab.spawn(command, rest, {
      cwd: ROOT,
      env: { HOME: dir, SSH_AUTH_SOCK: undefined, QUORATE_CA_PASSPHRASE: PASSPHRASE, COLUMNS: '200' },
    });
  };
  const log = join(tmpdir(), `quorate-secrets-${process.pid}.log`);
  afterAll(() => rmSync(log, { force: true }));

  const run = async (name: string, args: readonly string[]) => {
    const { code, stdout, stderr } = await collect(start(args), { timeoutMs: 120_000 });
    shown.set(name, stdout + stderr);
    return { code, said: stdout + stderr };
  };
  /** On a terminal; types the answer to the one question. */
  const runOnTerminal = async (name: string, args: readonly string[], answer: string) => {
    const child = start(args, true);
    let said = '';
    let answered = false;
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (answered || !said.includes('sudo password: ')) return;
      answered = true;
      // A moment later, as people do: the terminal no longer echoes.
      setTimeout(() => child.stdin?.write(`${answer}\n`), 100);
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    shown.set(name, said);
    return { code, said };
  };

  it('a check on a terminal, with the sudo password typed', async () => {
    const { code, said } = await runOnTerminal('check', ['--check', '-K'], SUDO);
    expect(code).toBe(0);
    expect(said).toContain('<host> has its server certificate');
  });

  it('a first run as JSON', async () => {
    expect((await run('first', ['--output', 'json'])).code).toBe(0);
  });

  it('a run that issues other certificates, as plain lines', async () => {
    await lab.enter('etcd01', `echo >>${SSL}/server-key.pem`);
    const { code, said } = await run('reissue', [
      '--output',
      'plain',
      '-e',
      '{"etcd_extra_sans":["etcd.example"]}',
    ]);
    expect(code).toBe(0);
    expect(said).toMatch(/server-key\.pem: \(secret\)/);
  });

  it.each(['pretty', 'json'])(
    'a task that fails and prints the key, as %s: it is masked, the rest is not',
    async (output) => {
      await lab.enter('etcd02', 'cat >/usr/local/bin/chown; rm -f /opt/etcd/ssl/server.pem', {
        input: CHATTY_CHOWN,
      });
      const { code, said } = await run(`failing ${output}`, [
        '--output',
        output,
        '-e',
        '{"etcd_extra_sans":["etcd.example"]}',
      ]);
      expect(code).toBe(2);
      expect(said).toContain('BEGIN EC PRIVATE KEY');
      expect(said).toContain('********');
    },
  );

  it('sudo that repeats the password when it refuses', async () => {
    await lab.enter('etcd03', 'cat >/usr/local/bin/sudo; chmod 755 /usr/local/bin/sudo', {
      input: CHATTY_SUDO,
    });
    const { code, said } = await run('sudo', ['--output', 'json', '--check']);
    sightings = watched.stop();
    expect(code).toBe(2);
    expect(said).toContain('sudo: tried ********');
  });

  /** Keys by their lines: a line alone is a slip, too. */
  const secrets = () => {
    const pki = join(dir, '.quorate/inventory/pki');
    const keys = readdirSync(pki, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('-key.pem'),
    );
    expect(keys).toHaveLength(8);
    const lines = keys.flatMap((path) => readFileSync(join(pki, path), 'utf8').split('\n'));
    return [LOGIN, SUDO, PASSPHRASE, ...lines.filter((line) => line.length >= 20 && !line.startsWith('-'))];
  };
  /** Also as shells and JSON would spell them: what is random in a canary has no other spelling. */
  const found = (text: string) =>
    secrets().filter((secret) => text.includes(/[0-9a-f]{18}$/.exec(secret)?.[0] ?? secret));

  it('are on no screen, in no report and in no log', () => {
    expect([...shown].filter(([, said]) => said.length < 500)).toEqual([]);
    for (const [name, said] of shown) expect([name, found(said)]).toEqual([name, []]);
    const logged = readFileSync(log, 'utf8');
    expect(logged.split('\n').length).toBeGreaterThan(200);
    expect(found(logged)).toEqual([]);
    expect(statSync(log).mode & 0o777).toBe(0o600);
  });

  it('are in no command line and no environment', async () => {
    expect(sightings.commands.size).toBeGreaterThan(20);
    expect(found([...sightings.commands].join('\n'))).toEqual([]);
    expect(sightings.environments.size).toBeGreaterThan(5);
    expect(found([...sightings.environments].join('\n'))).toEqual([]);
    for (const { name } of lab.hosts) {
      const { stdout } = await lab.enter(name, '/usr/bin/cat /run/arguments');
      expect(stdout).toContain('/opt/etcd/ssl/server-key.pem');
      expect(found(stdout)).toEqual([]);
    }
  });

  it('are in no journal, and in no file of a host but the keys', async () => {
    for (const { name } of lab.hosts) {
      const journal = await lab.enter(name, 'journalctl --quiet --all --output=export --no-pager');
      expect(journal.stdout.length).toBeGreaterThan(10_000);
      expect(found(journal.stdout)).toEqual([]);
      const { stdout: memory } = await lab.enter(
        name,
        'find /run /tmp /dev/shm -xdev -type f -exec /usr/bin/cat {} + 2>/dev/null',
      );
      expect(memory).toContain('ETCD_NAME');
      expect(found(memory)).toEqual([]);
      const upper = join(labDir(lab.name), 'hosts', name, 'upper');
      const files = filesOf(upper).filter((path) => !path.includes(SSL) || !path.endsWith('-key.pem'));
      expect(files.length).toBeGreaterThan(50);
      for (const path of files) expect([path, found(readFileSync(path, 'latin1'))]).toEqual([path, []]);
    }
  });

  it('lie in files that nobody else could ever read', () => {
    const keys = [...sightings.modes].filter((seen) => /key\.pem|key\.pem\S*(next|tmp|new)/.test(seen));
    expect(keys.some((seen) => seen.includes('/upper/'))).toBe(true);
    expect(keys.some((seen) => seen.includes('/.quorate/'))).toBe(true);
    expect(keys.filter((seen) => !seen.startsWith('0600 '))).toEqual([]);
  });
});

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => existsSync(path));
}
