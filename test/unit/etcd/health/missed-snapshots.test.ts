import { expect, it } from 'vitest';
import { commandLine } from '../../../../lib/command-line.ts';
import type { BackupFacts } from '../../../../lib/etcd/facts/backup-facts.ts';
import { missedSnapshots } from '../../../../lib/etcd/health/missed-snapshots.ts';
import { fakeCluster, planned } from '../../support/fake-cluster.ts';

const HOURLY = { etcd_backup_schedule: 'hourly', etcd_cluster_name: 'c' };
const HOUR = 3_600_000;
const BACKUPS = `${commandLine('site')} -r backups`;
const hoursAgo = (hours: number) => Date.now() - hours * HOUR;
const well = (hours: number): BackupFacts => ({ timer: 'active', ran: 1200, newest: hoursAgo(hours) });

/** By what the hosts of a cluster say; one that is undefined was not reached. */
function said(...of: readonly (BackupFacts | undefined)[]) {
  return missedSnapshots(
    fakeCluster(
      of.map((backups) => backups && { facts: { backups } }),
      HOURLY,
    ),
  );
}

it('is silent where the last time has left a snapshot on any host', () => {
  expect(said(well(30), well(0.3))).toEqual([]);
  expect(said({ timer: 'active', newest: 'none' })).toEqual([]);
});

it('is silent where no schedule is set, and where a run is about to put it right', () => {
  expect(missedSnapshots(fakeCluster([{ facts: {} }]))).toEqual([]);
  const due = { ...planned('timer', 'create'), role: 'backups' };
  expect(missedSnapshots(fakeCluster([{ plan: [due] }], HOURLY))).toEqual([]);
});

it('tells of a timer that is not there, that does not run, and of one whose last snapshot failed', () => {
  expect(missedSnapshots(fakeCluster([{}], HOURLY))[0]).toBe(
    `etcd01: no timer takes the snapshots of etcd_backup_schedule: ${BACKUPS} makes it; there is no verified snapshot on these hosts`,
  );
  expect(said({ ...well(72), ran: 5, timer: 'inactive' })).toEqual([
    `etcd01: its timer of snapshots does not run (inactive): ${BACKUPS} starts it; the newest verified snapshot is 3 days old`,
  ]);
  expect(said({ ...well(72), ran: 5, failed: 'exit-code' })).toEqual([
    'etcd01: the last snapshot of its timer failed (exit-code): journalctl -u etcd-backup -n 20 there says why; systemctl start etcd-backup tries again; the newest verified snapshot is 3 days old',
  ]);
});

it('tells where all timers went off and nobody took one, a while after that', () => {
  const line = expect.stringMatching(/^c: no snapshot was taken .*the newest verified snapshot is 5 h old$/);
  expect(said(well(5), well(7))).toEqual([line]);
  expect(said({ ...well(5), ran: 60 })).toEqual([]);
  expect(said({ timer: 'active', ran: 1200, newest: 'none' })).toEqual([
    expect.stringMatching(/there is no verified snapshot on these hosts$/),
  ]);
});

it('does not judge where a host that may have the newest one is not reached, or may not be looked into', () => {
  expect(said(well(5), undefined)).toEqual([]);
  expect(said(well(5), { timer: 'active', ran: 1200 })).toEqual([]);
});

it('goes by the last time that all timers went off: one goes off alone after a boot', () => {
  const at = (hours: number): BackupFacts => ({ ...well(8), ran: hours * 3600 });
  expect(said(at(8), at(8), at(0.3))).toEqual([]);
  expect(said(at(7), at(7), at(0.3))).toHaveLength(1);
  // One that stopped long ago does not count.
  expect(said(at(7), { ...at(90), timer: 'failed' })).toHaveLength(2);
});

it('waits for a snapshot that is being taken', () => {
  expect(said(well(5), { ...well(5), isRunning: true })).toEqual([]);
});

it('does not judge the others where a run is about to change a host that may have the newest one', () => {
  const due = { ...planned('script', 'update'), role: 'backups' };
  const of = [{ facts: { backups: well(0.3) }, plan: [due] }, { facts: { backups: well(5) } }];
  expect(missedSnapshots(fakeCluster(of, HOURLY))).toEqual([]);
});

it('takes no snapshot of the future for the newest', () => {
  expect(said(well(5), well(-9))).toHaveLength(1);
});
