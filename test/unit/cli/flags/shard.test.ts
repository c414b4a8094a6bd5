import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostsOfShard, parseShard } from '../../../../lib/cli/flags/shard.ts';
import { plainPlay } from '../../../../lib/dsl/plain-play.ts';
import type { Play } from '../../../../lib/dsl/play.ts';
import { program } from '../../../program.ts';
import { scratch } from '../../support/scratch.ts';

const HOSTS = [...Array(60).keys()].map((i) => ({ name: `host${i}`, vars: { cluster: `c${i % 20}` } }));
const plain = plainPlay({ name: 'web', hosts: 'all', roles: [] });
const clustered: Play<never> = { ...(plain as Play<never>), together: ({ vars }) => String(vars.cluster) };

describe('a shard', () => {
  it.each([1, 2, 3, 7, 100])('of %i: each host is in exactly one', (of) => {
    for (const play of [plain as Play<never>, clustered]) {
      const parts = [...Array(of).keys()].map((i) => hostsOfShard([play], () => HOSTS, { index: i + 1, of }));
      expect(parts.flatMap((part) => [...part]).sort()).toEqual(HOSTS.map(({ name }) => name).sort());
    }
  });

  it('never divides a cluster, also where another play has its hosts', () => {
    for (const plays of [[clustered], [plain as Play<never>, clustered], [clustered, plain as Play<never>]])
      for (let index = 1; index <= 4; index++) {
        const part = hostsOfShard(plays, () => HOSTS, { index, of: 4 });
        const clusters = new Set(HOSTS.filter(({ name }) => part.has(name)).map(({ vars }) => vars.cluster));
        for (const { name, vars } of HOSTS) expect(part.has(name)).toBe(clusters.has(vars.cluster));
      }
  });

  it('is the same on every machine, whatever else the inventory has', () => {
    const part = (hosts: typeof HOSTS) => hostsOfShard([clustered], () => hosts, { index: 2, of: 3 });
    const some = HOSTS.filter((_, i) => i % 20 < 5);
    expect([...part(some)]).toEqual(
      [...part(HOSTS)].filter((name) => some.some((host) => host.name === name)),
    );
    expect([...part(HOSTS)].slice(0, 4)).toMatchInlineSnapshot(`
      [
        "host0",
        "host2",
        "host8",
        "host10",
      ]
    `);
  });

  it.each(['0/3', '4/3', '1', '1/0', 'a/b', '-1/3', '1/2/3', '1.5/3', ''])('is not %j: 1', (text) => {
    expect(() => parseShard(text)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it('limits a run and what it lists; one without hosts is done', () => {
    const cwd = scratch();
    const hosts = ['a', 'b', 'c', 'd'].map((name) => `${name}: { ansible_connection: local }`).join(', ');
    writeFileSync(join(cwd, 'inventory.yaml'), `all: { hosts: { ${hosts} } }\n`);
    const run = (...args: string[]) => {
      const line = [program('test/unit/cli/plainPlaybook.ts'), '-i', 'inventory.yaml', ...args];
      return spawnSync(process.execPath, line, { cwd, encoding: 'utf8' });
    };
    const listed = [1, 2].map(
      (i) =>
        run('--list-hosts', '--shard', `${i}/2`)
          .stdout.match(/^ {4}\w$/gm)
          ?.map((one) => one.trim()) ?? [],
    );
    expect(listed.flat().sort()).toEqual(['a', 'b', 'c', 'd']);
    const ran = run('--shard', '1/2', '--output', 'json')
      .stdout.trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(Object.keys(ran.at(-1).hosts).sort()).toEqual(listed[0]?.sort());
    const empty =
      [...Array(40).keys()]
        .map((i) => `${i + 1}/40`)
        .find((part) => !/^ {4}\w$/m.test(run('--list-hosts', '--shard', part).stdout)) ?? '';
    expect(run('--shard', empty)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`shard ${empty} has no hosts`),
    });
    // What others wait for is there all the same.
    const made = run('--shard', empty, '--plan-out', 'p.json', '--report', 'r.xml', '--report', 'r.html');
    expect(made.status).toBe(0);
    expect(JSON.parse(readFileSync(join(cwd, 'p.json'), 'utf8'))).toMatchObject({ hosts: [], tasks: [] });
    expect(readFileSync(join(cwd, 'r.xml'), 'utf8')).toContain('<testcase classname="run.run"');
    expect(readFileSync(join(cwd, 'r.html'), 'utf8')).toContain('</html>');
    expect(run('--apply', 'p.json').status).toBe(0);
    expect(run('--shard', '3/2').status).toBe(1);
  }, 60_000);

  it('keeps a cluster of the inventory together', () => {
    const cwd = scratch();
    const hosts = [...Array(12).keys()].map(
      (i) => `h${i}: { ansible_host: 10.0.0.${i + 1}, etcd_cluster_name: c${i % 4} }`,
    );
    writeFileSync(join(cwd, 'inventory.yaml'), `etcd: { hosts: { ${hosts.join(', ')} } }\n`);
    const parts = [1, 2, 3].map((i) => {
      const line = [
        program('playbooks/site.ts'),
        '-i',
        'inventory.yaml',
        '--list-hosts',
        '--shard',
        `${i}/3`,
      ];
      const { stdout } = spawnSync(process.execPath, line, { cwd, encoding: 'utf8' });
      return [...stdout.matchAll(/^ {4}h(\d+)$/gm)].map(([, number]) => Number(number) % 4);
    });
    expect(parts.flat()).toHaveLength(12);
    for (const cluster of [0, 1, 2, 3])
      expect(parts.map((part) => part.filter((one) => one === cluster).length).filter(Boolean)).toEqual([3]);
  });
});
