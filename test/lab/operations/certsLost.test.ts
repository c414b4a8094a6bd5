import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { clientProblems, describeClient, gapLimit, startClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { itLong } from '../support/long.ts';
import { onHosts } from '../support/onHosts.ts';
import { eventsOf, runPlaybook, stepsOf } from '../support/playbook.ts';
import { type Strike, strikeEach } from '../support/strikeEach.ts';

describeLab('certificates whose run or machine is lost on the way', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'certslost' });
  });
  afterAll(async () => lab?.stop());

  const { on, look } = onHosts(() => lab);
  const certs = (...args: string[]) => runPlaybook(lab, args, { playbook: 'certs' });
  const pki = (...path: string[]) => join(dirname(lab.inventoryFile), '.quorate/inventory/pki', ...path);
  /** What is kept of a cluster is of the one before. */
  async function found() {
    await lab.reset();
    rmSync(join(dirname(lab.inventoryFile), '.quorate'), { recursive: true, force: true });
    expect((await runPlaybook(lab)).errors).toEqual([]);
    for (const name of ['app', 'gone']) expect((await certs('--client', name)).errors).toEqual([]);
  }

  /** All writes of a client with the bundle `app` are kept, and no handshake of it is refused. */
  async function underClient<T>(strike: Strike, what: string, work: () => Promise<T>): Promise<T> {
    const client = startClient(lab, { bundle: 'app' });
    await client.working;
    const done = await work();
    const report = await client.stop();
    console.log(`${what}, the ${strike} lost: ${describeClient(report)}`);
    expect(clientProblems(report)).toEqual([]);
    // A leader that is lost is missed until another one is elected.
    expect(report.writeGapMs).toBeLessThanOrEqual(strike === 'run' ? gapLimit('KILLS') : 15_000);
    return done;
  }

  const shown = (text: string) =>
    eventsOf({ text }).flatMap((event) =>
      event.event === 'certificates' ? (event.certificates as readonly Shown[]) : [],
    );

  for (const strike of ['run', 'machine'] satisfies Strike[]) {
    itLong('KILLS')(
      `a revocation is finished by a rerun in whatever step the ${strike} is lost, and all members refuse`,
      async () => {
        await found();
        await on('etcd01', 'mkdir -m 700 -p /root/gone');
        for (const file of ['ca.pem', 'gone.pem', 'gone-key.pem'])
          await on('etcd01', `cat >/root/gone/${file}`, readFileSync(pki('clients/gone', file)));
        const words = ['--revoke', 'gone', '-y'];
        const struck = await underClient(strike, 'revoked', () => strikeEach(lab, strike, 'certs', words));
        // Each host gets the list, and its member looks at it.
        expect(struck.length).toBeGreaterThanOrEqual(strike === 'run' ? 7 : 5);
        for (const { address } of lab.hosts) {
          const put = `cd /root/gone && /opt/etcd/bin/etcdctl --endpoints=https://${address}:2379 --cacert=ca.pem --cert=gone.pem --key=gone-key.pem --command-timeout=3s put a b 2>&1`;
          expect(await look('etcd01', put)).not.toMatch(/^OK$/m);
        }
        const again = await certs(...words);
        expect([again.code, stepsOf(again, 'begun')]).toEqual([0, []]);
        expect((await runPlaybook(lab, ['--check'])).changed).toEqual([]);
      },
      900_000,
    );

    itLong('KILLS')(
      `a renewal is finished by a rerun in whatever step the ${strike} is lost`,
      async () => {
        const before = shown((await certs()).text);
        const struck = await underClient(strike, 'renewed', () =>
          strikeEach(lab, strike, 'certs', ['--renew', '--all', '-y']),
        );
        expect(struck.length).toBeGreaterThanOrEqual(3);
        const looked = await certs();
        expect([looked.code, looked.errors]).toEqual([0, []]);
        const after = shown(looked.text);
        const isLeaf = ({ kind }: Shown) => kind === 'server' || kind === 'peer';
        const old = new Set(before.map(({ sha256 }) => sha256));
        expect(after.filter((one) => isLeaf(one) && old.has(one.sha256))).toEqual([]);
        expect(after.filter(isLeaf).map(({ served }) => served?.same)).toEqual(Array(6).fill(true));
        expect((await runPlaybook(lab, ['--check'])).changed).toEqual([]);
      },
      600_000,
    );
  }
});

interface Shown {
  readonly kind: string;
  readonly sha256: string;
  readonly served: { readonly same: boolean } | null;
}
