import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { MINORS, minorOf } from '../../lib/etcd/model/versions.ts';
import { DRIFTS } from './support/cases/drifts.ts';
import { clientProblems, describeClient, startClient } from './support/client.ts';
import { describeLab, itHaving } from './support/describeLab.ts';
import { etcdctl, leaderOf } from './support/etcdctl.ts';
import { type Lab, startLab } from './support/lab.ts';
import { isWhole } from './support/long.ts';
import { changeSet, changes, runPlaybook } from './support/playbook.ts';
import { KNOWN_VERSIONS, NEWEST } from './support/releases/etcdVersions.ts';
import { releasedVersions } from './support/releases/releases.ts';

/** The latest of each minor that the lab has; the newest one is what all other files run. */
const LATEST = MINORS.flatMap(
  (minor) => releasedVersions().findLast((version) => minorOf(version) === minor) ?? [],
);
/** What a run without changes takes on each host: facts and probes. */
const ROUND_TRIPS = 2;

describeLab('a cluster of one of each minor version, side by side', () => {
  let lab: Lab;
  let inventory: string;
  const run = (playbook: string, ...args: string[]) => runPlaybook(lab, args, { inventory, playbook });
  const onAll = async (script: (host: string, i: number) => string) =>
    Promise.all(lab.hosts.map(async ({ name }, i) => (await lab.ssh(name, script(name, i))).stdout.trim()));
  const pids = () => onAll(() => 'systemctl show -p MainPID --value etcd');

  beforeAll(async () => {
    lab = await startLab({ name: 'minors', hosts: LATEST.length });
    const described = parse(readFileSync(lab.inventoryFile, 'utf8'));
    delete described.etcd.vars.etcd_version;
    // One large value is too much for it.
    described.etcd.vars.etcd_settings = { 'quota-backend-bytes': 1_048_576 };
    for (const [i, version] of LATEST.entries()) {
      const cluster = { etcd_version: version, etcd_cluster_name: `of-${minorOf(version)}` };
      Object.assign(described.etcd.hosts[lab.hosts[i]?.name ?? ''], cluster);
    }
    inventory = join(lab.stateDir, 'minors.yaml');
    writeFileSync(inventory, stringify(described));
  });
  afterAll(() => lab?.stop());

  it('is healthy after the first run, which changes what a check says', async () => {
    const check = await run('site', '--check');
    const first = await run('site');
    expect(first.errors).toEqual([]);
    expect(changeSet(first)).toEqual(changeSet(check));
    const clusters = first.text.split('\n').filter((line) => line.startsWith('{"event":"cluster"'));
    expect(
      clusters
        .map((line) => JSON.parse(line))
        .map(({ healthy, members }) => [members[0].version, healthy])
        .sort(),
    ).toEqual(LATEST.map((version) => [version, true]));
  });

  it('has nothing to change the second time, in two round trips a host', async () => {
    const before = await pids();
    const again = await run('site');
    expect([again.code, changes(again)]).toEqual([0, []]);
    for (const { name } of lab.hosts) expect(again.recap[name]?.roundTrips, name).toBe(ROUND_TRIPS);
    expect(await pids()).toEqual(before);
  });

  it('drifts, and is repaired without a restart', async () => {
    const before = await pids();
    const drift = (i: number) => DRIFTS[i % DRIFTS.length] as (typeof DRIFTS)[number];
    await onAll((_, i) => `${drift(i)[1]} ${drift(i)[0]}`);
    const check = await run('site', '--check');
    const repair = await run('site');
    expect(repair.errors).toEqual([]);
    expect(changeSet(repair)).toEqual(changeSet(check));
    for (const [i, { name }] of lab.hosts.entries()) {
      const own = changes(check).filter((one) => one.startsWith(name));
      expect(own.join('\n')).toContain(basename(drift(i)[0]));
    }
    expect((await run('site', '--check')).changed).toEqual([]);
    expect(await pids()).toEqual(before);
  });

  it('is full, and that is told by every playbook, also where its own health check lies', async () => {
    await Promise.all(
      lab.hosts.map(({ name, address }) =>
        lab.ssh(
          name,
          `${etcdctl([{ address }])}; head -c 150000 /dev/urandom | base64 -w0 >/run/v
for i in $(seq 20); do ctl put fill$i </run/v || break; done`,
        ),
      ),
    );
    for (const playbook of ['status', 'site', 'doctor']) {
      const { code, text } = await run(playbook, ...(playbook === 'site' ? ['--check'] : []));
      expect([playbook, code]).toEqual([playbook, 7]);
      for (const { name } of lab.hosts) expect(text).toContain(`alarm NOSPACE on ${name}`);
    }
  });
});

/** The newest is rolled in `site.test.ts`; all but the oldest of these by `npm run test:upgrades`. */
describeLab('a cluster of three, of each other minor that is maintained or was until lately', () => {
  const rolled = KNOWN_VERSIONS.filter((version) => ['3.4.23', '3.5.30', '3.6.16'].includes(version));

  describe.each(isWhole('UPGRADES') ? rolled : rolled.slice(0, 1))('etcd %s', (version) => {
    let lab: Lab | undefined;
    afterAll(() => lab?.stop());

    itHaving(version)('rolls a changed setting under a client that writes and reads', async () => {
      const started = await startLab({ name: `roll${version.replaceAll('.', '')}`, etcdVersion: version });
      lab = started;
      const site = (...args: string[]) => runPlaybook(started, args);
      expect((await site()).errors).toEqual([]);
      const client = startClient(started);
      await client.working;
      const leader = await leaderOf(started);
      const args = ['-e', '{"etcd_settings":{"snapshot-count":20000}}'];
      const run = await site(...args);
      const report = await client.stop();
      console.log(`etcd ${version}, rolling change of a setting: ${describeClient(report)}`);
      expect(run.errors).toEqual([]);
      const restarts = run.tasks.filter(({ changes }) => changes.some(({ kind }) => kind === 'restart'));
      expect(restarts.map(({ host }) => host)).toHaveLength(3);
      expect(restarts.at(-1)?.host).toBe(leader);
      expect(clientProblems(report)).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(50);
      expect((await site(...args)).changed).toEqual([]);
    });
  });

  it('is of every minor but the newest and those before 3.4', () => {
    const minors = rolled.map(minorOf);
    expect([...minors, minorOf(NEWEST)]).toEqual(MINORS.slice(1));
  });
});
