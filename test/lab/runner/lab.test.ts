import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeLab } from '../support/describeLab.ts';
import { cgroupPaths } from '../support/host/cgroups.ts';
import { namespaceOf } from '../support/host/network.ts';
import { run } from '../support/host/process.ts';
import { labDir } from '../support/host/record.ts';
import { type Lab, openLab, startLab, sweepLabs } from '../support/lab.ts';

describeLab('a lab', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'selftest' });
  });
  afterAll(() => lab?.stop());

  const out = async (script: string, user?: string, input?: string) =>
    (await lab.ssh('etcd01', script, { user, input })).stdout.trim();

  test('has hosts that are up, without a failed unit', async () => {
    for (const { name } of lab.hosts) {
      const { stdout } = await lab.ssh(name, 'hostname; systemctl is-system-running');
      expect(stdout).toBe(`${name}\nrunning\n`);
    }
  });

  test('lets root, an ordinary user and one whose sudo asks in', async () => {
    expect(await out('id -un')).toBe('root');
    expect(await out('id -un; sudo -n id -un', 'admin')).toBe('admin\nroot');
    expect(await out('sudo -n id -un || echo refused', 'ops')).toBe('refused');
    expect(await out('sudo -S -p "" id -un', 'ops', 'lab-sudo-pass\n')).toBe('root');
  });

  test('starts hosts with firewalld installed but not running', async () => {
    expect(await out('firewall-cmd --state 2>&1; nft list ruleset')).toBe('not running');
  });

  test('connects its hosts over IPv4 and IPv6', async () => {
    for (const { address, address6 } of lab.hosts) {
      expect(await out(knock(address, 22))).toBe('open');
      expect(await out(knock(address6, 22))).toBe('open');
    }
  });

  test('has no way out', async () => {
    // Only asks for a route: were there one by mistake, still nothing would be sent.
    for (const outside of ['192.0.2.1', '2001:db8::1']) {
      const ask = `ip route get ${outside} 2>&1 || true`;
      expect((await lab.run('sh', ['-c', ask])).stdout).toMatch(/unreachable/i);
      expect(await out(ask)).toMatch(/unreachable/i);
    }
  });

  test('serves etcd releases in the upstream layout', async () => {
    const version = lab.versions.at(-1);
    const base = `${lab.mirrorUrl}/v${version}`;
    const script = `set -e; cd "$(mktemp -d)"; curl -fsSO ${base}/SHA256SUMS
      name=$(cut -d' ' -f3 SHA256SUMS); curl -fsSO "${base}/$name"; sha256sum -c SHA256SUMS
      tar xzf "$name"; "./\${name%.tar.gz}/etcd" --version | head -1; rm -r "$PWD"`;
    const { code, stdout } = await lab.run('sh', ['-c', script]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/-linux-\w+\.tar\.gz: OK\n/);
    expect(stdout).toContain(`etcd Version: ${version}`);
  });

  test('cuts a link in one direction, until it is healed', async () => {
    const { address } = lab.hosts[1]!;
    await lab.cut({ from: 'etcd01', to: 'etcd02', port: 22 });
    expect(await out(knock(address, 22))).toBe('closed');
    expect((await lab.ssh('etcd02', 'true')).code).toBe(0);
    await lab.cut();
    expect(await out(knock(address, 22))).toBe('open');
  });

  test('keeps the disk of a host without power and clears it with a reset', async () => {
    await out('echo here >/root/note');
    await lab.kill('etcd01');
    await expect(lab.enter('etcd01', 'true')).rejects.toThrow('not running');
    await lab.boot('etcd01');
    expect(await out('cat /root/note')).toBe('here');
    await lab.reset('etcd01');
    expect(await out('cat /root/note 2>&1')).toContain('No such file');
  });

  test('reboots a host in good order, without the firewall rules it had only at runtime', async () => {
    await out('nft add table inet runtime; echo here >/root/note');
    await lab.reboot('etcd01');
    expect(await out('nft list ruleset; cat /root/note; systemctl is-system-running')).toBe('here\nrunning');
  });

  test('is swept away when the process it belongs to was killed', async () => {
    const script = `import { startLab } from './test/lab/support/lab.ts';
      await startLab({ name: 'orphan', hosts: 1 });
      process.kill(process.pid, 'SIGKILL');`;
    const node = ['--import', 'tsx', '--input-type=module', '--eval', script];
    expect((await run(process.execPath, node)).code).toBe(137);
    expect(openLab('orphan')).toBeDefined();
    await sweepLabs();
    expectNoTrace('orphan');
    expect(openLab('selftest')).toBeDefined();
  });

  test('goes down without a trace', async () => {
    const left = await startLab({ name: 'traceless', hosts: 1 });
    left.spawn('sleep', ['600']);
    await left.ssh('etcd01', 'true');
    await left.stop();
    expectNoTrace('traceless');
  });
});

function expectNoTrace(name: string): void {
  expect(existsSync(labDir(name))).toBe(false);
  expect(cgroupPaths(name).filter((path) => existsSync(path))).toEqual([]);
  expect(readdirSync('/run/netns').filter((file) => file.startsWith(namespaceOf(name)))).toEqual([]);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(namespaceOf(name));
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(labDir(name));
}

/** Shell text that says whether a TCP port answers within a second. */
function knock(address: string, port: number): string {
  return `timeout 1 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && echo open || echo closed`;
}
