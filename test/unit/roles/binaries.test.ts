import { expect, it } from 'vitest';
import { shortDigest } from '../../../lib/dsl/path.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { type EtcdFacts, ORDINARY } from '../../../lib/etcd/facts/index.ts';
import { NOTHING_KEPT } from '../../../lib/etcd/facts/kept.ts';
import type { MemberReading } from '../../../lib/etcd/facts/read-member.ts';
import { binaries } from '../../../roles/binaries.ts';
import { systemd } from '../../../roles/systemd.ts';
import { DEFAULTS } from '../support/defaults.ts';

it.each([
  ['binaries', binaries],
  ['systemd', systemd],
])('an etcd that the host was to bring and has not: %s says what to do, and names no role', (_name, role) => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1', etcd_source: 'path' };
  const tasks = role.tasks({ name: 'etcd01', vars, hostvars: { etcd01: vars }, facts: ORDINARY });
  const task = tasks.find(({ title }) => title === '/opt/etcd/bin/etcd is there');
  expect(() => task?.diff({ code: 1, out: '' }, new World())).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: '/opt/etcd/bin/etcd is missing',
      hint: 'etcd_source is path, so it must be there before a run: put it there, set etcd_bin_dir to where it is, or choose another etcd_source',
    }),
  );
  expect(task?.diff({ code: 0, out: '' }, new World())).toEqual([]);
});

it.each<[string, property: string, after: string, loaded: string | undefined, inTurn: boolean]>([
  ['another version', 'version', '3.5.30', 'a', true],
  ['what the member has loaded', 'etcd', 'a', 'a', false],
  ['another program than it has loaded', 'etcd', 'a', 'b', true],
  ['a program, and nobody knows what it has loaded', 'etcd', 'a', undefined, true],
  ['a tool', 'etcdctl', 'a', 'b', false],
  ['the mode of the program', 'etcd mode', '0755', 'b', false],
])('brings %s: waits for the turn of the member or not', (_what, property, after, loaded, inTurn) => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1' };
  const digest = (letter: string) => letter.repeat(64);
  const kept = { ...NOTHING_KEPT, loadedProgram: loaded && digest(loaded) };
  const tasks = binaries.tasks({
    name: 'etcd01',
    vars,
    hostvars: { etcd01: vars },
    facts: { ...ORDINARY, kept },
  });
  const change = {
    resource: 'release:/opt/etcd/bin',
    kind: 'update' as const,
    property,
    before: null,
    after: property.startsWith('etcd') ? shortDigest(digest(after)) : after,
    certainty: 'certain' as const,
  };
  expect(tasks.at(-1)?.inTurn([change])).toBe(inTurn);
});

it.each<[string, runs: string, loaded: string, onDisk: string, restart: boolean]>([
  ['was upgraded by hand to what is wanted', '3.6.16', 'a', 'a', false],
  ['runs what is wanted, and another program was put there since', '3.6.16', 'a', 'b', true],
  ['runs another version', '3.5.30', 'a', 'a', true],
])('a member that %s is restarted for it or not', (_what, runs, loaded, onDisk, restart) => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1', etcd_version: '3.6.16' };
  const digest = (letter: string) => letter.repeat(64);
  const facts = {
    ...ORDINARY,
    service: 'active' as const,
    kept: { ...NOTHING_KEPT, loadedProgram: digest(loaded) },
    reading: { healthy: true, status: { version: runs } } as MemberReading,
    cluster: { ...ORDINARY.cluster, version: '3.6.16' } as EtcdFacts['cluster'],
  };
  const target = { name: 'etcd01', vars, hostvars: { etcd01: vars }, facts };
  const archive = binaries.tasks(target).at(-1);
  const service = systemd.tasks(target).find(({ resource }) => resource === 'service:etcd') as Task;
  const world = new World();
  const stat = (type: string, size: number) => `stat ${type}|755|root|root|${size}|/x\n`;
  const text = (lines: string) =>
    `${stat('regular file', lines.length)}text\n${Buffer.from(lines).toString('base64')}\n`;
  const there = `${stat('regular file', 9)}sha256 ${digest(onDisk)}\n`;
  const said = (parts: readonly string[]) => ({ code: 0, out: parts.join(`${MARK}\n`) });
  const record = text(`3.5.30 https://x/\n${digest('0')} etcd\n${digest('0')} etcdctl\n`);
  const directory = stat('directory', 9);
  const due = archive?.diff(said([record, there, there, there, directory, directory]), world);
  expect(due).toMatchObject([{ property: 'version', before: '3.5.30', after: '3.6.16' }]);
  const loads = [loaded, 'c', 'd', 'e', 'f'];
  const wanted = (service.wish as { service: { loads: { digest?: string }[] } }).service.loads;
  const recorded = loads.map((letter, i) => `${wanted[i]?.digest ?? digest(letter)}  -\n`);
  const files = loads.map(
    (letter, i) => `${stat('regular file', 9)}sha256 ${recorded[i]?.slice(0, 64) ?? letter}\n`,
  );
  const state = 'ActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\n';
  const changes = service.diff(said([text(recorded.join('')), '', ...files, state]), world);
  expect(changes.map(({ kind, before }) => `${kind} ${before}`)).toEqual(
    restart ? ['restart other etcd'] : [],
  );
});
