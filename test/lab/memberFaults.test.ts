import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confOf } from '../fuzz/environments.ts';
import { dice, hostile } from '../fuzz/strings.ts';
import { program } from '../program.ts';
import { carryOut } from './support/carryOut.ts';
import { during } from './support/cases/during.ts';
import { faultsOn } from './support/cases/faultLab.ts';
import { startClient } from './support/client.ts';
import { describeLab } from './support/describeLab.ts';
import { etcdctl, leaderOf } from './support/etcdctl.ts';
import { type Lab, startLab } from './support/lab.ts';
import { isWhole, itLong } from './support/long.ts';
import { runPlaybook } from './support/playbook.ts';

/** `npm run test:faults` runs the slow ones, too: half a minute each. */
const slow = itLong('FAULTS');

const DIFFERS: readonly (readonly [when: string, writes: boolean])[] = [
  ['nobody writes', false],
  ['a client writes all the time', true],
];

const DATA = '/var/lib/etcd/default.etcd';

describeLab(
  'faults of members and of the network between them, each with its exit code, and what the message must name',
  () => {
    let lab: Lab;
    const { site, status, on, onAll, pids, roll, said, healthy } = faultsOn(() => lab);

    beforeAll(async () => {
      lab = await startLab({ name: 'memberfaults' });
      expect((await site()).errors).toEqual([]);
    });
    afterAll(() => lab?.stop());

    it('2380 dropped one way: 7, from whom to whom, and the rule', async () => {
      const leader = await leaderOf(lab);
      const [host = ''] = lab.hosts.map(({ name }) => name).filter((name) => name !== leader);
      const address = lab.hosts.find(({ name }) => name === leader)?.address;
      await on(
        host,
        `nft 'add table inet cut; add chain inet cut input { type filter hook input priority -10; }; add rule inet cut input ip saddr ${address} tcp dport 2380 drop'; sleep 2`,
      );
      const run = await status();
      await on(host, 'nft delete table inet cut');
      expect(run.code).toBe(7);
      expect(said(run)).toContain(
        `${leader} → ${host}:2380 filtered; ${host} has the rule "ip saddr ${address} tcp dport 2380 drop"`,
      );
      await healthy();
    });

    slow(
      '2380 dropped everywhere in our own rules: put right, and the run waits until members are back',
      async () => {
        await onAll('nft insert rule inet quorate_etcd input tcp dport 2380 drop; sleep 4');
        expect((await status()).code).toBe(7);
        const run = await site();
        expect(run.errors).toEqual([]);
        expect(run.code).toBe(0);
        expect(run.changed.every(({ role }) => role === 'firewall')).toBe(true);
      },
    );

    it('facts with escapes and commands: shown as they are, and never run', async () => {
      const squatter = `import socket, time
open("/proc/self/comm", "w").write("\\x1b[2J$(touch x)")
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", 2379)); s.listen(); time.sleep(600)`;
      await on(
        'etcd03',
        `systemctl stop etcd; cat >/run/squatter.py; systemd-run -q --unit=squatter --working-directory=/run python3 /run/squatter.py; sleep 0.5`,
        squatter,
      );
      const run = await site();
      const { stdout, stderr } = await lab.run('node', [
        program('playbooks/site.ts'),
        '-i',
        lab.inventoryFile,
        '--check',
        '--output',
        'plain',
      ]);
      const canary = await on(
        'etcd03',
        'ls /run/x /root/x 2>/dev/null; systemctl stop squatter; systemctl start etcd',
      );
      expect(run.code).toBe(3);
      expect(said(run)).toMatch(
        /^etcd03: port 2379, its client port, is taken by \x1b\[2J\$\(touch x\) \(pid \d+\) on 0\.0\.0\.0/,
      );
      expect(stderr).toContain('is taken by \\x1b[2J$(touch x) (pid');
      expect(stdout + stderr).not.toContain('\x1b');
      expect(canary).toBe('');
      await healthy();
    });

    it('settings of all kinds: systemd reads them as they are', async () => {
      const roll = dice(7);
      const values = Array.from({ length: 3000 }, () => hostile(roll, '/run/canary', 'simple'));
      const lines = values.flatMap((value) => {
        const line = /^ETCD_PEER_CERT_ALLOWED_CN=.*$/m.exec(confOf(value) ?? '')?.[0];
        return line === undefined ? [] : [{ value, line }];
      });
      expect(lines.length).toBeGreaterThan(1000);
      const conf = lines.map(({ line }, i) => line.replace('ETCD_PEER_CERT_ALLOWED_CN', `V${i}`)).join('\n');
      const out = await on(
        'etcd01',
        `cat >/run/fuzz.env; systemd-run --quiet --wait --collect -p EnvironmentFile=/run/fuzz.env sh -c 'env -0 >/run/fuzz.out'; base64 -w0 /run/fuzz.out; rm /run/fuzz.*`,
        `${conf}\n`,
      );
      const seen = new Map(
        Buffer.from(out, 'base64')
          .toString('utf8')
          .split('\0')
          .map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
      );
      for (const [i, { value }] of lines.entries()) expect([i, seen.get(`V${i}`)]).toEqual([i, value]);
      expect(await on('etcd01', 'ls /run/canary 2>/dev/null')).toBe('');
    });

    describe('members', () => {
      it('all stopped: started side by side, since none is ready before there is quorum', async () => {
        await onAll('systemctl stop etcd');
        const run = await site();
        expect(run.errors).toEqual([]);
        expect(run.code).toBe(0);
        expect(run.changed.flatMap(({ changes }) => changes.map(({ kind }) => kind))).toEqual([
          'start',
          'start',
          'start',
        ]);
      });

      slow('a majority without data: 3, and the surviving copy by name', async () => {
        await onAll('systemctl stop etcd');
        await Promise.all(['etcd01', 'etcd02'].map((host) => on(host, `mv ${DATA} ${DATA}.own`)));
        const run = await site();
        await Promise.all(['etcd01', 'etcd02'].map((host) => on(host, `mv ${DATA}.own ${DATA}`)));
        expect(run.code).toBe(3);
        expect(said(run)).toContain('no quorum: no data on etcd01, etcd02; the surviving copy is on etcd03');
        expect(said(run)).toMatch(/playbooks\/recover\.js -i \S+ --from etcd03/);
        expect(await on('etcd03', 'systemctl is-active etcd')).toBe('inactive');
        expect((await site()).code).toBe(0);
      });

      slow('one without data while the others rest: 3, and those come up where it is left out', async () => {
        await onAll('systemctl stop etcd');
        await on('etcd02', `mv ${DATA} ${DATA}.own`);
        const [run, rest] = [await site(), await site('-l', 'etcd01,etcd03')];
        const look = await status();
        await on('etcd02', `rm -rf ${DATA}; mv ${DATA}.own ${DATA}`);
        expect(run.code).toBe(3);
        expect(said(run)).toMatch(
          /no data on etcd02; etcd01, etcd03 have a quorum once they run\n.* -l etcd01,etcd03; .* --replace etcd02/,
        );
        // Side by side, whoever is told of first.
        const started = rest.changed.map(({ host, changes }) => [host, changes.map(({ kind }) => kind)]);
        expect(started.sort()).toEqual([
          ['etcd01', ['start']],
          ['etcd03', ['start']],
        ]);
        expect(said(look)).not.toMatch(/etcd0[13]: /);
        expect((await site()).code).toBe(0);
      });

      it('one that was removed: 3 until it is added again; what was added and not started is adopted', async () => {
        const id = (
          await on('etcd01', `${etcdctl(lab.hosts)}; ctl member list | grep etcd03 | cut -d, -f1`)
        ).trim();
        await on('etcd01', `${etcdctl(lab.hosts)}; again ctl member remove ${id}`);
        await on('etcd03', `systemctl stop etcd; mv ${DATA} ${DATA}.own`);
        const removed = await site();
        expect(removed.code).toBe(3);
        expect(said(removed)).toContain('etcd03: the cluster lives and does not list https://10.0.52.6:2380');
        expect(said(removed)).toMatch(/or add it: .*playbooks\/members\.js/);
        await on(
          'etcd01',
          `${etcdctl(lab.hosts)}; again ctl member add etcd03 --peer-urls=https://10.0.52.6:2380`,
        );
        const adopted = await site();
        expect(adopted.errors).toEqual([]);
        expect(adopted.code).toBe(0);
        expect((await site()).changed).toEqual([]);
        await on('etcd03', `rm -rf ${DATA}.own`);
      });

      it('a learner that is left over: 7, and 3 for any operation', async () => {
        await on(
          'etcd01',
          `${etcdctl(lab.hosts)}; again ctl member add left --learner --peer-urls=https://10.0.52.99:2380`,
        );
        const look = await status();
        const before = await pids();
        const run = await site(...roll());
        const now = await pids();
        const id = (
          await on('etcd01', `${etcdctl(lab.hosts)}; ctl member list | grep 10.0.52.99 | cut -d, -f1`)
        ).trim();
        await on('etcd01', `${etcdctl(lab.hosts)}; again ctl member remove ${id}`);
        expect(look.code).toBe(7);
        expect(said(look)).toContain('is still a learner');
        expect(run.code).toBe(3);
        expect(said(run)).toMatch(/etcd0\d: not touched:\n.*https:\/\/10\.0\.52\.99:2380/s);
        expect(now).toEqual(before);
        await healthy();
      });

      it.each(isWhole('FAULTS') ? DIFFERS : DIFFERS.slice(0, 1))(
        'one whose data differs while %s: 7, and 3 for any operation, by its hash',
        async (_name, writes) => {
          const change = (from: string, to: string) =>
            on(
              'etcd03',
              `systemctl stop etcd; sed -i s/${from}/${to}/ ${DATA}/member/snap/db; chown etcd: ${DATA}/member/snap/db; systemctl start etcd; sleep 1`,
            );
          await on('etcd01', `${etcdctl(lab.hosts)}; ctl put mark MARKER-AAAA; sleep 0.3`);
          await change('MARKER-AAAA', 'MARKER-AAAB');
          const client = writes ? startClient(lab) : undefined;
          await client?.working;
          const before = await pids();
          const look = await status();
          const run = await site(...roll());
          const after = await pids();
          await client?.stop();
          await change('MARKER-AAAB', 'MARKER-AAAA');
          expect(after).toEqual(before);
          expect(look.code).toBe(7);
          expect(said(look)).toMatch(
            /data differs at one revision \(hashkv\): \d+ on etcd01 etcd02, \d+ on etcd03/,
          );
          expect(run.code).toBe(3);
          expect(said(run)).toMatch(/no further host is touched; still to be changed: etcd0/);
          await healthy();
        },
      );
    });

    slow('SIGINT in the middle of a roll: 130, and the member in hand by name', async () => {
      const args = roll();
      const restarted = ({ status, changes }: { status: string; changes: readonly { kind: string }[] }) =>
        status === 'changed' && changes.some(({ kind }) => kind === 'restart');
      let began = '';
      const run = await during(
        lab,
        args,
        (event) => event.status === 'changed' && event.task.startsWith('etcd.conf'),
        ({ host }, kill) => {
          began = host;
          kill('SIGINT');
        },
      );
      expect(run.code).toBe(130);
      expect(said(run)).toContain(`${began}: stopped on request`);
      expect(run.tasks.filter(restarted).length).toBeLessThanOrEqual(1);
      expect((await site(...args)).code).toBe(0);
    });

    slow('the network cut in the middle of a roll: 3, and no further host is touched', async () => {
      const before = await pids();
      let cut = '';
      const run = await during(
        lab,
        roll(),
        ({ status, changes }) => status === 'changed' && changes.some(({ kind }) => kind === 'restart'),
        async ({ host }) => {
          const leader = await leaderOf(lab);
          cut = lab.hosts.map(({ name }) => name).find((name) => name !== host && name !== leader) ?? '';
          await lab.unplug(cut);
        },
      );
      await lab.plug(cut);
      expect(run.code).toBe(3);
      expect(said(run)).toMatch(new RegExp(`${cut}: `));
      expect(said(run)).toMatch(/no further host is touched; still to be changed: etcd0/);
      const now = await pids();
      expect(now.filter((pid, i) => pid !== before[i])).toHaveLength(1);
      await healthy();
    });

    slow('a bit of the write-ahead log flipped: 3 for any operation; the log is kept as it is', async () => {
      await on(
        'etcd01',
        `${etcdctl(lab.hosts)}; head -c 200000 /dev/zero | tr '\\0' x | ctl put FLIPPED; sleep 0.3`,
      );
      const flip = `systemctl stop etcd; cp -a ${DATA} ${DATA}.own; w=$(ls ${DATA}/member/wal/*.wal | tail -n 1); at=$(grep -abo FLIPPED $w | tail -n 1 | cut -d: -f1)
printf '\\377' | dd of=$w bs=1 seek=$((at + 100000)) conv=notrunc 2>/dev/null; sha256sum $w`;
      const flipped = await on('etcd03', flip);
      const before = await pids();
      const run = await site(...roll());
      const after = await on(
        'etcd03',
        `sha256sum ${DATA}/member/wal/*.wal | tail -n 1; systemctl is-failed etcd`,
      );
      const now = await pids();
      await on(
        'etcd03',
        `rm -rf ${DATA}; mv ${DATA}.own ${DATA}; systemctl reset-failed etcd; systemctl start etcd`,
      );
      expect(said(run)).toContain('walpb: crc mismatch');
      expect(said(run)).toMatch(/stopped at etcd03: no further host is touched; still to be changed: etcd0/);
      expect(run.code).toBe(3);
      expect(after).toBe(`${flipped}\nfailed`);
      expect(now.slice(0, 2)).toEqual(before.slice(0, 2));
      await healthy();
    });

    slow('a member waits for an address that its host has late', async () => {
      // What speaks to it meanwhile comes by its namespaces, not by SSH.
      const { stdout } = await lab.enter(
        'etcd03',
        `at=$(ip -o -4 addr show to 10.0.52.6); set -- $at; systemctl stop etcd; ip addr del $4 dev $2
systemctl start --no-block etcd; sleep 15; systemctl show -p SubState etcd; ip addr add $4 dev $2`,
      );
      expect(stdout.trim()).toBe('SubState=start-pre');
      await healthy();
      expect(await on('etcd03', 'systemctl show -p NRestarts etcd')).toBe('NRestarts=0');
    });

    slow('two of three logs damaged: the doctor sends to recover, which makes it of the third', async () => {
      await on('etcd01', `${etcdctl(lab.hosts)}; ctl put kept all >/dev/null; sleep 0.3`);
      await onAll('systemctl stop etcd');
      await Promise.all(
        ['etcd02', 'etcd03'].map((host) => on(host, `for w in ${DATA}/member/wal/*.wal; do : >$w; done`)),
      );
      await onAll('systemctl start --no-block etcd; sleep 3');
      const look = await runPlaybook(lab, [], { playbook: 'doctor' });
      expect(look.code).toBe(7);
      expect(look.errors[0]?.hint).toMatch(
        /^next: node \S*recover\.js -i \S+ --from etcd01 --lost etcd02,etcd03$/,
      );
      const steps = await carryOut(lab, look.errors[0]?.hint);
      expect(steps).toEqual([expect.stringMatching(/ → 0 $/)]);
      expect(await on('etcd03', `${etcdctl(lab.hosts)}; ctl get --print-value-only kept`)).toBe('all');
      expect((await site()).changed).toEqual([]);
    });

    slow('the disk of the data full: 7, no endless restarts, nothing deleted', async () => {
      await on(
        'etcd03',
        `systemctl stop etcd; mv ${DATA} ${DATA}.own; mkdir ${DATA}; mount -t tmpfs -o size=140m,mode=700,uid=$(id -u etcd),gid=$(id -g etcd) none ${DATA}; cp -a ${DATA}.own/. ${DATA}/; systemctl start etcd; head -c 140M /dev/zero >${DATA}/ballast`,
      );
      await on(
        'etcd01',
        `${etcdctl(lab.hosts)}; head -c 700000 /dev/urandom | base64 -w0 >/run/v; for i in $(seq 40); do ctl put fill$i </run/v >/dev/null; done`,
      );
      await on('etcd03', 'timeout 60 sh -c "until systemctl is-failed -q etcd; do sleep 1; done"');
      const files = `find ${DATA} -type f -exec sha256sum {} + | sort; systemctl show -p NRestarts etcd`;
      const before = await on('etcd03', files);
      const [check, run] = [await site('--check'), await site()];
      const after = await on('etcd03', files);
      await on(
        'etcd03',
        `rm ${DATA}/ballast; rm -rf ${DATA}.own; cp -a ${DATA} ${DATA}.own; umount ${DATA}; rmdir ${DATA}; mv ${DATA}.own ${DATA}; systemctl reset-failed etcd`,
      );
      expect([check.code, run.code]).toEqual([7, 7]);
      expect(said(run)).toMatch(
        /etcd03: \S+default\.etcd has \d MiB free, and the database grows by 16 at a time: etcd is not started/,
      );
      expect(after).toBe(before);
      expect(Number(/NRestarts=(\d+)/.exec(before)?.[1])).toBeLessThan(12);
      await healthy();
    });
  },
);
