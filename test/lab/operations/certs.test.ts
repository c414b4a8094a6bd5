import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Client, clientProblems, describeClient, gapLimit, startClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { follow } from '../support/follow.ts';
import { sleep } from '../support/host/process.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole, itLong } from '../support/long.ts';
import { type Outcome, runPlaybook } from '../support/playbook.ts';
import { trustedCas } from '../support/trustedCas.ts';

/** `QUORATE_KILLS=all` kills a rotation in each of its steps, not in some. */
const EVERY = isWhole('KILLS');

describeLab('certificates', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'certs' });
    expect((await runPlaybook(lab)).code).toBe(0);
  });
  afterAll(async () => lab?.stop());

  const certs = (...args: string[]) => runPlaybook(lab, args, { playbook: 'certs' });
  /** Members were restarted, and a client had all that it is promised. */
  const written = async (what: string, client: Client) => {
    const report = await client.stop();
    console.log(`${what}: ${describeClient(report)}`);
    expect(clientProblems(report)).toEqual([]);
    expect(report.writeGapMs).toBeLessThanOrEqual(gapLimit('KILLS'));
  };
  const pki = (...path: string[]) => join(dirname(lab.inventoryFile), '.quorate/inventory/pki', ...path);
  const shown = ({ text }: Outcome) =>
    text
      .split('\n')
      .filter((line) => line.includes('"event":"certificates"'))
      .flatMap((line) => JSON.parse(line).certificates as Shown[]);
  const steps = ({ text }: Outcome, status: string) =>
    text
      .split('\n')
      .filter((line) => line.includes('"event":"step"'))
      .map((line) => JSON.parse(line))
      .filter((event) => event.status === status)
      .map(({ host, title }) => `${host}: ${title}`);
  const pids = () =>
    Promise.all(
      lab.hosts.map(
        async ({ name }) => (await lab.ssh(name, 'systemctl show -p MainPID --value etcd')).stdout,
      ),
    );
  /** Handshakes that members turned down since, by their journals; one that nobody finished is none. */
  const turnedDown = async (since: string) => {
    const all = await Promise.all(
      lab.hosts.map(({ name }) =>
        lab.ssh(name, `journalctl -u etcd --since=@${since} -o cat | grep -E 'tls: |x509|certificate' || :`),
      ),
    );
    return all.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
  };

  it('shows those on disk, those served, the CA and what control has', async () => {
    const all = shown(await certs());
    expect(all.map(({ host, kind }) => `${host} ${kind}`)).toEqual([
      ...['etcd01', 'etcd02', 'etcd03'].flatMap((host) => [`${host} server`, `${host} peer`, `${host} ca`]),
      ...['control ca', 'control client'],
    ]);
    const leaves = all.filter(({ kind }) => kind === 'server' || kind === 'peer');
    expect(leaves.map(({ served }) => served)).toEqual(
      leaves.map(({ sha256 }) => ({ same: true, sha256, by: 'host' })),
    );
    // Without openssl on a host the handshake is made from here, where the port is open to us.
    await lab.ssh('etcd01', 'mv /usr/bin/openssl /usr/bin/openssl.away');
    const [server] = shown(await certs());
    await lab.ssh('etcd01', 'mv /usr/bin/openssl.away /usr/bin/openssl');
    expect(server?.served).toMatchObject({ same: true, by: 'control' });
  });

  it('tells a file that the member can make no handshake with: 7', async () => {
    const file = '/opt/etcd/ssl/server.pem';
    await lab.ssh('etcd03', `cp -p ${file} /root/kept.pem && cp /opt/etcd/ssl/peer.pem ${file}`);
    const { code, errors } = await certs();
    await lab.ssh('etcd03', `cp -p /root/kept.pem ${file}`);
    expect(code).toBe(7);
    expect(errors[0]?.message).toContain('etcd03: /opt/etcd/ssl/server.pem is ');
  });

  it('makes those of a host anew without a restart, with the same keys, and none that is not due', async () => {
    const before = await pids();
    const none = await certs('--renew');
    expect(steps(none, 'done')).toEqual([]);
    const was = shown(none);
    const run = await certs('--renew', 'etcd02');
    expect([run.code, steps(run, 'done')]).toEqual([0, ['etcd02: make its certificates anew; no restart']]);
    const is = shown(run);
    const other = is.filter(({ sha256 }, i) => sha256 !== was[i]?.sha256);
    expect(other.map(({ host, kind }) => `${host} ${kind}`)).toEqual(['etcd02 server', 'etcd02 peer']);
    expect(other.map(({ served }) => served?.same)).toEqual([true, true]);
    expect(await pids()).toEqual(before);
    expect((await runPlaybook(lab)).changed).toEqual([]);
    expect((await certs('--renew', 'nobody')).code).toBe(3);
  });

  it('shows and makes anew those of a member that does not run', async () => {
    await lab.ssh('etcd02', 'systemctl stop etcd');
    const was = shown(await certs());
    const run = await certs('--renew', 'etcd02', '--new-keys', '-y');
    await lab.ssh('etcd02', 'systemctl start etcd');
    expect([run.code, steps(run, 'done')]).toEqual([0, ['etcd02: make its certificates anew; no restart']]);
    const other = shown(run).filter(({ sha256 }, i) => sha256 !== was[i]?.sha256);
    expect(other.map(({ host, kind }) => `${host} ${kind}`)).toEqual(['etcd02 server', 'etcd02 peer']);
    await lab.ssh('etcd02', 'mv /opt/etcd/ssl/peer.pem /root/peer.pem');
    const { code, errors } = await certs();
    await lab.ssh('etcd02', 'mv /root/peer.pem /opt/etcd/ssl/peer.pem');
    expect(code).toBe(7);
    expect(errors[0]?.message).toContain('etcd02: no certificate could be read in /opt/etcd/ssl/peer.pem');
    expect((await runPlaybook(lab)).changed).toEqual([]);
  });

  it('issues a bundle that etcdctl works with, and tells what to configure', async () => {
    const run = await certs('--client', 'app');
    expect(run.code).toBe(0);
    expect(run.text).toContain('--etcd-certfile=/etc/etcd-client/app.pem');
    const files = ['ca.pem', 'app.pem', 'app-key.pem'].map((name) => pki('clients/app', name));
    expect(statSync(files[2]!).mode & 0o777).toBe(0o600);
    const [ca, cert, key] = files.map((file) => readFileSync(file, 'utf8'));
    const script = `umask 077; mkdir -p /root/app && cd /root/app || exit
printf %s '${ca}' >ca.pem; printf %s '${cert}' >app.pem; printf %s '${key}' >app-key.pem
/opt/etcd/bin/etcdctl --endpoints=https://${lab.hosts[1]?.address}:2379 --cacert=ca.pem --cert=app.pem --key=app-key.pem put a b`;
    expect((await lab.ssh('etcd01', script)).stdout).toBe('OK\n');
    expect(steps(await certs('--client', 'app'), 'done')).toEqual([]);
    expect(run.text).not.toContain('PRIVATE KEY');
  });

  // etcd reads a key and its certificate one after the other: once for a member a handshake may fall between.
  itLong('KILLS')('makes those of members anew with other keys, hardly seen', async () => {
    const client = startClient(lab, { bundle: 'app' });
    await client.working;
    const run = await certs('--renew', 'etcd01', 'etcd02', 'etcd03', '--new-keys', '-y');
    expect([run.code, run.errors]).toEqual([0, []]);
    const report = await client.stop();
    console.log(`renewal with other keys: ${describeClient(report)}`);
    const between = report.refused.filter((one) => one.includes('alert internal error'));
    expect(between.length).toBeLessThanOrEqual(3);
    const refused = report.refused.filter((one) => !between.includes(one));
    expect(clientProblems({ ...report, refused })).toEqual([]);
  });

  const put = (name: string) => {
    const files = `--cacert=ca.pem --cert=${name}.pem --key=${name}-key.pem`;
    const to = `--endpoints=https://${lab.hosts[2]?.address}:2379`;
    return lab.ssh(
      'etcd01',
      `cd /root/${name} && /opt/etcd/bin/etcdctl ${to} ${files} --command-timeout=3s put a b`,
    );
  };
  /** The list before the last bundle was revoked. */
  let older = Buffer.alloc(0);

  it('revokes a bundle, with what it was before: the first time by a roll, then without a restart', async () => {
    const bring = async (name: string, to = name) => {
      const [ca, cert, key] = ['ca', to, `${to}-key`].map((file) =>
        readFileSync(pki('clients', to, `${file}.pem`), 'utf8'),
      );
      await lab.ssh(
        'etcd01',
        `umask 077; mkdir -p /root/${name} && cd /root/${name} || exit
printf %s '${ca}' >ca.pem; printf %s '${cert}' >${name}.pem; printf %s '${key}' >${name}-key.pem`,
      );
    };
    expect((await certs('--client', 'gone')).code).toBe(0);
    await bring('before', 'gone');
    expect((await certs('--renew', 'gone')).code).toBe(0);
    await bring('gone');
    expect([(await put('before')).stdout, (await put('gone')).stdout]).toEqual(['OK\n', 'OK\n']);
    expect((await certs('--revoke', 'gone')).code).toBe(1);
    const client = startClient(lab);
    await client.working;
    const first = await certs('--revoke', 'gone', '-y');
    expect([first.code, steps(first, 'done').length]).toEqual([0, 7]);
    await written('revocation', client);
    expect([(await put('before')).code, (await put('gone')).code]).toEqual([1, 1]);
    expect(existsSync(pki('clients/gone'))).toBe(false);
    expect((await put('app')).stdout).toBe('OK\n');
    const running = await pids();
    older = readFileSync(pki('crl.der'));
    expect((await certs('--client', 'gone')).code).toBe(0);
    await bring('gone');
    expect((await put('gone')).stdout).toBe('OK\n');
    const second = await certs('--revoke', 'gone', '-y');
    expect([second.code, steps(second, 'done').length]).toEqual([0, 4]);
    expect([(await put('before')).code, (await put('gone')).code]).toEqual([1, 1]);
    expect(await pids()).toEqual(running);
    expect((await runPlaybook(lab)).changed).toEqual([]);
  }, 180_000);

  itLong('KILLS')(
    'revokes by the list that the hosts have, where control has an older one or none',
    async () => {
      expect(steps(await certs('--revoke', 'gone', '-y'), 'done')).toEqual([]);
      const running = await pids();
      // Another machine has an older list, or none, and no keys of clients.
      writeFileSync(pki('crl.der'), older);
      const onHost = () => lab.ssh('etcd02', 'sha256sum /opt/etcd/ssl/client.crl');
      const list = (await onHost()).stdout;
      await lab.ssh('etcd02', 'rm /opt/etcd/ssl/client.crl');
      expect((await runPlaybook(lab)).code).toBe(0);
      expect((await onHost()).stdout).toBe(list);
      rmSync(pki('crl.der'));
      expect((await certs('--client', 'other')).code).toBe(0);
      rmSync(pki('clients/other/other-key.pem'));
      const third = await certs('--revoke', 'other', '-y');
      expect([third.code, steps(third, 'done').length]).toEqual([0, 4]);
      expect([(await put('before')).code, (await put('gone')).code]).toEqual([1, 1]);
      expect(await pids()).toEqual(running);
      expect((await runPlaybook(lab)).changed).toEqual([]);
    },
    180_000,
  );

  /** Runs certs.ts and kills it once so many steps have begun and the next change is told, if it gets that far. */
  async function killed(args: readonly string[], at: number, afterMs = 0): Promise<boolean> {
    let begun = 0;
    let child: { kill(signal: NodeJS.Signals): boolean } | undefined;
    let done = false;
    const strike = () => {
      if (done || begun !== at) return;
      done = true;
      child?.kill('SIGKILL');
    };
    await follow(lab, args, {
      playbook: 'certs',
      started: (process) => {
        child = process;
      },
      step: ({ status, host }) => {
        if (status === 'begun') begun += 1;
        // Those of control are over at once; of the others a change is waited for.
        if (status === 'begun' && host === 'control') setTimeout(strike, afterMs);
      },
      task: ({ status }) => {
        if (status === 'changed') strike();
      },
    });
    return done;
  }

  /** Kills run after run in its first step, until one has none left. */
  async function killedInEach(args: readonly string[]): Promise<void> {
    for (let kills = 0; kills < 40; kills++) {
      if (!(await killed(args, 1, (kills % 8) * 20))) return console.log(`${kills} runs were killed`);
      await sleep(1500);
    }
    throw new Error('it does not get on');
  }

  /** What a killed run has begun on a host ends by itself, and holds the lock until then. */
  async function whenFree(...args: string[]): Promise<Outcome> {
    for (let attempt = 0; ; attempt++) {
      const run = await certs(...args);
      if (run.code !== 6 || attempt === 20) return run;
      await sleep(500);
    }
  }

  it(
    `rotates the CA under a client that connects anew for each write, killed in ${EVERY ? 'each step' : 'one'}`,
    async () => {
      const old = new X509Certificate(readFileSync(pki('ca.pem'))).fingerprint256;
      const { stdout: since } = await lab.ssh('etcd01', 'date +%s');
      const early = await certs('--rotate-ca', '--clients-ready', '-y');
      expect([early.code, early.errors[0]?.message]).toEqual([3, expect.stringContaining('no rotation')]);
      const pending = await certs('--rotate-ca', '-y', '-e', '{"etcd_settings":{"snapshot-count":20000}}');
      expect([pending.code, pending.errors[0]?.message]).toEqual([
        3,
        expect.stringContaining('etcd01: etcd.conf describes member etcd01'),
      ]);
      const client = startClient(lab, { bundle: 'app' });
      await client.working;

      if (EVERY) await killedInEach(['--rotate-ca', '-y']);
      else expect(await killed(['--rotate-ca', '-y'], 3)).toBe(true);
      const site = await runPlaybook(lab);
      expect([3, 6]).toContain(site.code);
      if (site.code === 3) expect(site.errors[0]?.message).toMatch(/is not finished: certs, to CA /);
      const both = await whenFree('--rotate-ca', '-y');
      expect(both.code).toBe(0);
      expect(both.text).toMatch(
        /every member trusts both CAs. What clients need now:.*clients\/app.*ca-bundle\.pem/,
      );
      expect(readFileSync(pki('ca-bundle.pem'), 'utf8').match(/BEGIN/g)).toHaveLength(2);
      expect(shown(both).filter(({ kind }) => kind === 'ca')).toHaveLength(7);
      const bundle = new X509Certificate(readFileSync(pki('clients/app/app.pem')));
      expect(bundle.verify(new X509Certificate(readFileSync(pki('ca.pem'))).publicKey)).toBe(true);

      const last = ['--rotate-ca', '--clients-ready', '-y'];
      if (EVERY) await killedInEach(last);
      const done = await whenFree('--rotate-ca', '--clients-ready', '-y');
      expect(done.code).toBe(0);
      await written('rotation', client);
      expect(await turnedDown(since.trim())).toEqual([]);

      const all = shown(done);
      expect(new Set(all.filter(({ kind }) => kind === 'ca').map(({ sha256 }) => sha256)).size).toBe(1);
      expect(new X509Certificate(readFileSync(pki('ca.pem'))).fingerprint256).not.toBe(old);
      expect([existsSync(pki('next')), existsSync(pki('ca-bundle.pem'))]).toEqual([false, false]);
      const again = await certs('--rotate-ca', '-y');
      expect([again.code, steps(again, 'done')]).toEqual([0, []]);
      expect(again.text).toMatch(/its CA was rotated by run .*--again makes another one/);
      expect((await runPlaybook(lab)).changed).toEqual([]);
    },
    EVERY ? 1_200_000 : 300_000,
  );

  itLong('KILLS')(
    'a machine that is lost while clients are waited for is replaced, and the rotation goes on',
    async () => {
      expect((await certs('--rotate-ca', '--again', '-y')).code).toBe(0);
      await lab.reset('etcd03');
      expect((await certs('--rotate-ca', '--clients-ready', '-y')).code).toBe(3);
      const replaced = await runPlaybook(lab, ['-y', '--replace', 'etcd03'], { playbook: 'members' });
      expect([replaced.code, replaced.errors]).toEqual([0, []]);
      expect(await trustedCas(lab)).toEqual([2, 2, 2]);
      expect((await certs('--rotate-ca', '--clients-ready', '-y')).code).toBe(0);
      expect(await trustedCas(lab)).toEqual([1, 1, 1]);
      expect((await runPlaybook(lab)).changed).toEqual([]);
    },
    180_000,
  );

  itLong('KILLS')(
    'a rotation whose new CA is lost with the folder is taken over by another one',
    async () => {
      expect((await certs('--rotate-ca', '--again', '-y')).code).toBe(0);
      rmSync(pki(), { recursive: true });
      const stuck = await certs('--rotate-ca', '-y');
      expect([stuck.code, stuck.errors[0]?.message]).toEqual([
        3,
        expect.stringContaining('both keys may be lost'),
      ]);
      const { stdout: since } = await lab.ssh('etcd01', 'date +%s');
      const other = await certs('--rotate-ca', '--again', '-y');
      expect([other.code, other.errors]).toEqual([0, []]);
      expect(await trustedCas(lab)).toEqual([3, 3, 3]);
      const done = await certs('--rotate-ca', '--clients-ready', '-y');
      expect([done.code, done.errors]).toEqual([0, []]);
      expect(await trustedCas(lab)).toEqual([1, 1, 1]);
      expect(await turnedDown(since.trim())).toEqual([]);
      expect((await runPlaybook(lab)).changed).toEqual([]);
    },
    180_000,
  );
});

interface Shown {
  readonly host: string;
  readonly kind: string;
  readonly sha256: string;
  readonly served: { readonly same: boolean } | null;
}
