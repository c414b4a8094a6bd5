import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { hostFacts, parseHostFacts } from '../../../../lib/etcd/facts/host-facts.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { SHELLS } from '../../support/shells.ts';

describe.each(SHELLS)('facts of this very machine under %s', (_name, file, ...args) => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).map((server) => server.close()));

  const listen = (host: string) =>
    new Promise<number>((resolve) => {
      const server = createServer().listen(0, host, () =>
        resolve((server.address() as { port: number }).port),
      );
      servers.push(server);
    });

  const read = (vars: object, state = 'absent') => {
    const all = { ...DEFAULTS, ...vars };
    const member = memberOf({ name: 'a', vars: all, hostvars: { a: all } });
    const sent = Date.now();
    const { stdout } = spawnSync(
      file ?? 'sh',
      [...args, '-c', `q_state_now=${state}; ${hostFacts(member).text}`],
      {
        encoding: 'utf8',
      },
    );
    return parseHostFacts({ code: 0, out: stdout, between: [sent, Date.now()] });
  };

  it('names the process that listens on a port, on IPv4 and IPv6', async () => {
    const [client, peer] = [await listen('127.0.0.1'), await listen('::1')];
    const { listeners } = read({ etcd_client_port: client, etcd_peer_port: peer });
    expect(listeners).toMatchObject([
      { port: client, address: '127.0.0.1', pid: process.pid },
      { port: peer, address: '::1', pid: process.pid },
    ]);
    expect(listeners[0]?.program).toBeTruthy();
  });

  it('names it also while the member is started again and again', async () => {
    const client = await listen('127.0.0.1');
    const { listeners } = read({ etcd_client_port: client }, 'activating');
    expect(listeners.map(({ pid }) => pid)).toEqual([process.pid]);
  });

  it('sees the same clock, the loopback address, and the file system of directories yet to be', () => {
    const { clock, addresses, space } = read({
      etcd_data_dir: '/tmp/not there/yet',
      etcd_bin_dir: '/proc/nowhere',
    });
    expect(Math.abs(clock?.offset ?? Number.NaN) - (clock?.within ?? 0)).toBeLessThan(50);
    expect(addresses).toContain('127.0.0.1');
    expect(space).toHaveLength(5);
    expect(space[0]).toMatchObject({ path: '/tmp/not there/yet', writable: true });
    expect(space[0]?.freeKiB).toBeGreaterThan(0);
    expect(space[1]).toMatchObject({ path: '/proc/nowhere', mount: '/proc' });
  });

  it('names the machine by its boot, until the member is up', () => {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    expect(read({}).machine).toMatch(new RegExp(`^${boot} pid:\\[\\d+\\] \\d+:\\d+$`));
    expect(read({}, 'active').machine).toBe(undefined);
  });

  it('knows how many files a process may open', () => {
    expect(read({}).openFiles).toBe(Number(readFileSync('/proc/sys/fs/nr_open', 'utf8')));
  });

  it('asks a running member for the time only', () => {
    const facts = read({}, 'active');
    expect(facts).toMatchObject({ addresses: [], listeners: [], space: [], openFiles: undefined });
    expect(facts.clock).toBeDefined();
  });
});
