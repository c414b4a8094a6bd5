import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { keptFacts, parseKept, programToCome } from '../../../../lib/etcd/facts/kept.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { crlFile } from '../../../../lib/etcd/model/paths.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

/** A host's directories below a scratch folder. */
function host(own: object = {}) {
  const root = scratch();
  const dirs = { bin: `${root}/bin`, cfg: `${root}/cfg`, ssl: `${root}/ssl`, data: `${root}/data` };
  const vars = {
    ...DEFAULTS,
    etcd_bin_dir: dirs.bin,
    etcd_config_dir: dirs.cfg,
    etcd_cert_dir: dirs.ssl,
    etcd_data_dir: dirs.data,
    etcd_service_manager: 'process',
    ...own,
  };
  const member = memberOf({ name: 'etcd01', vars, hostvars: { etcd01: vars } });
  const put = (path: string, content: string | Buffer, mode = 0o644) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
  };
  const print = ([file = 'sh', ...args]: readonly string[], state = '') => {
    const script = `${PRELUDE}\nq_state=${member.stateDir} q_state_now=${state}\n${keptFacts(member).text}`;
    return execFileSync(file, args, { input: script, encoding: 'utf8' });
  };
  const read = (...how: Parameters<typeof print>) => parseKept(print(...how));
  const silent = ([file = 'sh', ...args]: readonly string[], answers: string) => {
    const running = `q_main=$$ q_exec=${dirs.bin}/etcd`;
    const script = `${PRELUDE}\nq_state=${member.stateDir} ${running} q_answers='${answers}'\n${programToCome(member).text}`;
    return parseKept(execFileSync(file, args, { input: script, encoding: 'utf8' }));
  };
  return { dirs, member, print, put, read, silent };
}

const ETCD = '#!/bin/sh\necho "etcd Version: 3.6.16"\necho "Git SHA: x"\n';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A back end of two meta pages, the second the newer one, and a page with versions for each. */
function backEnd(old: string, now: string): Buffer {
  const size = 4096;
  const pages = Buffer.alloc(size * 6);
  for (const [page, root, txid] of [
    [0, 2, 10n],
    [1, 4, 11n],
  ] as const) {
    pages.writeUInt32LE(size, page * size + 24);
    pages.writeBigUInt64LE(BigInt(root), page * size + 32);
    pages.writeBigUInt64LE(txid, page * size + 64);
  }
  pages.write(`clusterVersion${old}`, 2 * size + 100);
  pages.write(`clusterVersion${now}`, 4 * size + 100);
  return pages;
}

describe.each(SHELLS)('what a host kept, by %s', (name, ...shell) => {
  it('is nothing on a bare one', () => {
    expect(host().read(shell)).toMatchObject({
      trusted: [],
      program: undefined,
      dataVersion: undefined,
      begunWith: [],
      withoutLog: false,
    });
  });

  it('has the list of revoked certificates, byte by byte', () => {
    const { member, put, read } = host();
    const list = Buffer.from([...Array(300).keys()].map((i) => i % 256));
    put(crlFile(member), list);
    expect(read(shell).crl?.equals(list)).toBe(true);
  });

  it('has a list of any length in short lines, since a line of an answer has an end', () => {
    const { member, put, print, read } = host();
    const list = Buffer.alloc(10_000, 7);
    put(crlFile(member), list);
    expect(
      Math.max(
        ...print(shell)
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(100);
    expect(read(shell).crl?.equals(list)).toBe(true);
  });

  it('has whether clients are kept from the peer port', () => {
    const { dirs, put, read } = host();
    expect(read(shell).peersApart).toBeUndefined();
    put(`${dirs.cfg}/etcd.conf`, 'ETCD_NAME="x"\n');
    expect(read(shell).peersApart).toBe(false);
    put(`${dirs.cfg}/etcd.conf`, 'ETCD_NAME="x"\nETCD_PEER_CERT_ALLOWED_HOSTNAME="localhost"\n');
    expect(read(shell).peersApart).toBe(true);
  });

  it('has whether the member looks at a list of revoked certificates, whether there is one or not', () => {
    const { dirs, put, read } = host();
    put(`${dirs.cfg}/etcd.conf`, 'ETCD_NAME="x"\n');
    expect(read(shell).looksAtList).toBe(false);
    put(`${dirs.cfg}/etcd.conf`, `ETCD_NAME="x"\nETCD_CLIENT_CRL_FILE="${dirs.ssl}/client.crl"\n`);
    expect(read(shell).looksAtList).toBe(true);
  });

  it('has whether etcdctl for people is there', () => {
    const { dirs, put, read } = host();
    expect(read(shell).wrapper).toBe(false);
    put(`${dirs.cfg}/etcdctl`, '#!/bin/sh\n', 0o755);
    expect(read(shell).wrapper).toBe(true);
  });

  it('has the CA on record, and nothing else that is written there', () => {
    const { member, put, read } = host();
    put(`${member.stateDir}/ca`, `${'a'.repeat(64)}\nx y\n${'b'.repeat(64)}\n`);
    expect(read(shell).trusted).toEqual(['a'.repeat(64), 'b'.repeat(64)]);
  });

  it('has the version of the record as long as the program is the one that was installed', () => {
    const { dirs, member, put, read } = host();
    put(`${dirs.bin}/etcd`, ETCD, 0o755);
    put(`${member.stateDir}/release`, `3.5.30 somewhere\n${sha256('x')} etcdctl\n${sha256(ETCD)} etcd\n`);
    expect(read(shell).program).toBe('3.5.30');
    put(`${member.stateDir}/release`, `3.5.30 somewhere\n${sha256('other')} etcd\n`);
    expect(read(shell).program).toBe('3.6.16');
    expect(read(shell, 'active').program).toBeUndefined();
  });

  it('has the version of the program where an active member has not told its own', () => {
    const { dirs, member, put, silent } = host();
    put(`${dirs.bin}/etcd`, ETCD, 0o755);
    put(`${member.stateDir}/release`, `3.5.30 somewhere\n${sha256('other')} etcd\n`);
    expect(silent(shell, '@status 1 context deadline exceeded').program).toBe('3.6.16');
    expect(silent(shell, '').program).toBe('3.6.16');
  });

  it('has the program that an active member would start with, where it runs another file', () => {
    const { dirs, put, silent } = host();
    const answered = () => silent(shell, '@status 0 []');
    expect(answered().unrunnable).toBe('is missing');
    put(`${dirs.bin}/etcd`, ETCD, 0o755);
    expect(answered()).toMatchObject({ program: '3.6.16', unrunnable: undefined });
    put(`${dirs.bin}/etcd`, 'not a program', 0o755);
    expect(answered()).toMatchObject({ program: undefined, unrunnable: 'does not say which version it is' });
    chmodSync(`${dirs.bin}/etcd`, 0o644);
    expect(answered().unrunnable).toBe('may not be executed');
    rmSync(`${dirs.bin}/etcd`);
    // The very file that runs: nothing is asked.
    symlinkSync('/proc/self/exe', `${dirs.bin}/etcd`);
    expect(answered()).toMatchObject({ program: undefined, unrunnable: undefined });
  });

  it('has the program that was loaded, by the record of the start', () => {
    const { member, put, read } = host();
    put(`${member.stateDir}/loaded`, `${sha256(ETCD)}\n${sha256('conf')}\n`);
    expect(read(shell, 'active').loadedProgram).toBe(sha256(ETCD));
    put(`${member.stateDir}/loaded`, 'x\n');
    expect(read(shell, 'active').loadedProgram).toBeUndefined();
  });

  it.runIf(process.getuid?.() === 0)('asks no program as root that others could have put there', () => {
    const { dirs, put, read } = host({ etcd_service_manager: 'systemd', etcd_user: 'nobody-here' });
    put(`${dirs.bin}/etcd`, ETCD, 0o757);
    expect(read(shell).program).toBeUndefined();
    chmodSync(`${dirs.bin}/etcd`, 0o755);
    expect(read(shell).program).toBe('3.6.16');
    chmodSync(dirs.bin, 0o777);
    expect(read(shell).program).toBeUndefined();
  });

  it.runIf(process.getuid?.() === 0)(
    'has folders above that others than root may fill, also behind a link',
    () => {
      const root = scratch();
      const of = (path: string) =>
        host({ etcd_service_manager: 'systemd', etcd_user: 'x', etcd_bin_dir: `${root}${path}` });
      const found = (path: string) => of(path).read(shell).loose;
      for (const folder of ['mine', 'all', 'sticky', 'some', 'nobodys', 'theirs'])
        mkdirSync(`${root}/${folder}`);
      chmodSync(`${root}/all`, 0o777);
      chmodSync(`${root}/sticky`, 0o1777);
      chmodSync(`${root}/some`, 0o775);
      chownSync(`${root}/some`, 0, 7);
      chmodSync(`${root}/nobodys`, 0o2775);
      chownSync(`${root}/nobodys`, 0, 61_234);
      chownSync(`${root}/theirs`, 7, 7);
      symlinkSync(`${root}/all`, `${root}/mine/link`);
      expect(found('/mine/etcd/bin')).toEqual([]);
      expect(found('/sticky/bin')).toEqual([]);
      expect(found('/all/bin')).toEqual([{ path: `${root}/all`, why: 'can be written by everybody' }]);
      // With busybox alone nobody is in that group.
      const some = [{ path: `${root}/some`, why: 'can be written by its group' }];
      expect(found('/some/bin')).toEqual(name === 'busybox' ? [] : some);
      expect(found('/nobodys/bin')).toEqual([]);
      expect(found('/theirs/etcd/bin')).toEqual([{ path: `${root}/theirs`, why: "is not root's" }]);
      expect(found('/mine/link/bin').map(({ path }) => path)).toContain(`${root}/all`);
    },
  );

  it('has the version that wrote the data last, not an older one in a page that is free', () => {
    const { dirs, put, read } = host();
    put(`${dirs.data}/member/snap/db`, backEnd('3.6.0', '3.5.0'));
    expect(read(shell).dataVersion).toBe('3.5.0');
    put(`${dirs.data}/member/snap/db`, backEnd('3.5.0', '3.6.0'));
    expect(read(shell).dataVersion).toBe('3.6.0');
    for (const broken of ['', 'x', Buffer.alloc(5000, 255)]) {
      put(`${dirs.data}/member/snap/db`, broken);
      expect(read(shell).dataVersion).toBeUndefined();
    }
  });

  it('has the members that a start was made with, and whether it left a log', () => {
    const { dirs, put, read } = host();
    const conf = (more = '') =>
      put(
        `${dirs.cfg}/etcd.conf`,
        `ETCD_NAME="a"\nETCD_INITIAL_CLUSTER="a=https://10.0.0.1:2380,b=https://[fd00::2]:2380"\n${more}`,
      );
    conf();
    mkdirSync(`${dirs.data}/member/wal`, { recursive: true });
    expect(read(shell)).toMatchObject({
      begunWith: [
        ['a', 'https://10.0.0.1:2380'],
        ['b', 'https://[fd00::2]:2380'],
      ],
      withoutLog: true,
    });
    put(`${dirs.data}/elsewhere/0.wal`, '');
    conf(`ETCD_WAL_DIR="${dirs.data}/elsewhere"\n`);
    expect(read(shell).withoutLog).toBe(false);
    conf();
    put(`${dirs.data}/member/wal/0000000000000000-0000000000000000.wal`, '');
    expect(read(shell).withoutLog).toBe(false);
  });
});
