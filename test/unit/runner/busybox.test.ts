import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../lib/dsl/path.ts';
import { type Sh, sh } from '../../../lib/dsl/shell/sh.ts';
import { EXIT } from '../../../lib/errors.ts';
import { etcdFacts } from '../../../lib/etcd/facts/index.ts';
import { exchange } from '../../../lib/runner/exchange/exchange.ts';
import { takeLock } from '../../../lib/runner/locks/lock.ts';
import { DEFAULTS } from '../support/defaults.ts';
import { scratch } from '../support/scratch.ts';
import { busyboxHost, busyboxMissing } from '../support/shells.ts';

if (busyboxMissing !== undefined) console.log(`busybox tests are skipped: ${busyboxMissing}`);

/** The launcher and the loop have tests of their own, which run under busybox, too. */
describe.skipIf(busyboxMissing !== undefined)('with busybox alone', () => {
  const host = busyboxHost();
  /** What a fragment says, its exit status in front. */
  const said = async (fragment: Sh, stateDir = '') => {
    const { readings } = await exchange(host, [{ id: 'x', sh: fragment, critical: false }], { stateDir });
    const { code, out } = readings.get('x') as { code: number; out: string };
    return `${code} ${out}`;
  };

  it('has no other program', async () => {
    const look = sh`for name in getent systemctl bash perl useradd; do command -v "$name"; done; busybox | head -n 1`;
    expect(await said(look)).toMatch(/^0 BusyBox v/);
  });

  it('writes files whole, with mode and owner', async () => {
    const path = join(scratch(), "it's here");
    expect(await said(sh`printf 'a\n' | q_write ${path} 0640 root root; q_stat ${path}`)).toBe(
      `0 stat regular file|640|root|root|2|0|0|${path}`,
    );
    symlinkSync(path, `${path} too`);
    const link = await said(sh`q_mode ${`${path} too`} 0666 '' ''; q_stat ${path}`);
    expect(link).toContain('is a link, which is not followed\nstat regular file|640|');
    expect(await said(sh`q_mode ${path} 0600 '' ''; q_text ${path}`)).toBe(
      `0 stat regular file|600|root|root|2|0|0|${path}\ntext\nYQo=`,
    );
  });

  it('remembers a digest until the file changes', async () => {
    const dir = scratch();
    const path = join(dir, 'file');
    writeFileSync(path, 'a');
    const remembered = 'f'.repeat(64);
    await said(sh`q_remember ${path} ${remembered}`, dir);
    expect(await said(sh`q_sha256 ${path}`, dir)).toBe(`0 ${remembered}`);
    writeFileSync(path, 'bc');
    expect(await said(sh`q_sha256 ${path}`, dir)).toBe(`0 ${sha256('bc')}`);
  });

  it('takes a file that was sent, if it is the right one', async () => {
    const dir = scratch();
    const [source, incoming, path] = ['source', 'made/.new', 'made/tool'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const bytes = Buffer.from([0, 255, 10, 39]);
    writeFileSync(source, bytes);
    await host.send(source, incoming);
    expect(await said(sh`q_adopt ${incoming} ${path} 0755 root:root ${'0'.repeat(64)}`, dir)).toMatch(/^5 /);
    expect(existsSync(path)).toBe(false);
    await host.send(source, incoming);
    expect(await said(sh`q_adopt ${incoming} ${path} 0755 root:root ${sha256(bytes)}`, dir)).toBe('0 ');
    expect(readFileSync(path)).toEqual(bytes);
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  it('lends the run lock to one at a time, and takes over a dead one', async () => {
    const dir = scratch();
    symlinkSync('999999999:1:somebody@elsewhere', join(dir, 'lock'));
    const lock = await takeLock(host, dir);
    await expect(takeLock(busyboxHost(), dir)).rejects.toMatchObject({
      exitCode: EXIT.locked,
      message: expect.stringMatching(
        /^busybox: another run holds the lock: \S+@\S+ \(pid \d+ on busybox\); run /,
      ),
    });
    await lock?.release();
    await (await takeLock(host, dir))?.release();
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  });

  it('tells the facts of a host', async () => {
    const one = { name: 'one', vars: { ...DEFAULTS, ansible_host: '127.0.0.1' }, hostvars: {} };
    const { readings } = await exchange(host, [{ id: 'x', sh: etcdFacts.probe(one), critical: false }]);
    const facts = etcdFacts.parse(readings.get('x') as never, one);
    expect(facts).toMatchObject({
      systemd: undefined,
      data: 'absent',
      service: 'absent',
      reading: undefined,
    });
    expect(facts.host.addresses).toContain('127.0.0.1');
    expect(facts.host.space.map(({ path }) => path)).toContain('/var/lib/etcd/default.etcd');
    expect(Math.abs(facts.host.clock?.offset ?? Number.NaN)).toBeLessThan(2000);
  });
});
