import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { backupFacts, parseBackups } from '../../../../lib/etcd/facts/backup-facts.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { backupTimer } from '../../../../lib/etcd/model/paths.ts';
import { unitPath } from '../../../../lib/resources/service/systemd.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';

const SHOWN = `Result=success
ActiveState=active

ExecMainStartTimestampMonotonic=1000000
Result=exit-code
ActiveState=failed`;

it('tells how the timer is, when it went off, and which verified snapshot is the newest', () => {
  const dir = scratch();
  const vars = { ...DEFAULTS, etcd_backup_dir: `${dir}/backups`, etcd_cluster_name: 'prod' };
  const member = memberOf({ name: 'etcd01', vars, hostvars: { etcd01: vars } });
  writeFileSync(`${dir}/systemctl`, `#!/bin/sh\ncat <<'E'\n${SHOWN}\nE\n`);
  chmodSync(`${dir}/systemctl`, 0o755);
  const look = () => {
    const script = `PATH=${dir}:$PATH\n${backupFacts(member).text}`;
    const here = script.replace(unitPath(`${backupTimer(member)}.timer`), `${dir}/systemctl`);
    return parseBackups(execFileSync('sh', [], { input: here, encoding: 'utf8' }));
  };
  expect(look()).toMatchObject({ timer: 'active', failed: 'exit-code', newest: 'none' });
  mkdirSync(`${dir}/backups`);
  // Other clusters may keep theirs in the same folder.
  writeFileSync(`${dir}/backups/prod-2-20261129T101500Z-r5.json`, '');
  expect(look()?.newest).toBe('none');
  for (const file of [
    'prod-20261126T101500Z-r12.json',
    'prod-20261127T101500Z-r3.json',
    'prod-20261128T101500Z-r4.db',
    'prod2-20261129T101500Z-r5.json',
  ])
    writeFileSync(`${dir}/backups/${file}`, '');
  expect(look()?.newest).toBe(Date.parse('2026-11-27T10:15:00Z'));
  expect(look()?.ran).toBeGreaterThan(0);
});

it('is running while its service starts', () => {
  const out = (service: string) => `backup-units ActiveState=active ActiveState=${service}\n`;
  expect(parseBackups(out('activating'))).toEqual({ timer: 'active', isRunning: true });
  expect(parseBackups(out('inactive'))).toEqual({ timer: 'active' });
});

it('is nothing where there is no timer', () => {
  expect(parseBackups('machine x86_64\n')).toBeUndefined();
});

it('has no run where there was none since the host came up', () => {
  const out =
    'backup-units Result=success ActiveState=inactive Result=success ActiveState=inactive\nbackup-uptime 99.1\n';
  expect(parseBackups(out)).toEqual({ timer: 'inactive' });
  expect(parseBackups(`${out}backup-units ExecMainStartTimestampMonotonic=0\n`)?.ran).toBeUndefined();
});
