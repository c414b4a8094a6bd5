import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { program } from '../../program.ts';
import { type Files, write } from './support.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

interface Event {
  readonly event: string;
  readonly message?: string;
  readonly hint?: string;
  readonly position?: { readonly file: string; readonly line: number; readonly column: number };
  readonly hosts?: object;
  readonly exitCode?: number;
}

/** Runs site.ts as a process of its own; no host of these inventories is ever contacted. */
async function site(files: Files, ...args: readonly string[]) {
  const folder = write(files);
  const line = [program('playbooks/site.ts'), '-i', join(folder, 'inventory.yaml')];
  const { code, out } = await new Promise<{ code: number; out: string }>((done) => {
    const child = execFile(
      process.execPath,
      [...line, '--output', 'json', ...args],
      { cwd: ROOT },
      (_, out) => done({ code: child.exitCode ?? -1, out }),
    );
  });
  const events = out
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Event);
  const errors = events.filter(({ event }) => event === 'error');
  const said = errors.map(({ position: at, message }) => {
    const place = at ? `${at.file.replace(`${folder}/`, '')}:${at.line}:${at.column} ` : '';
    return `${place}${message}`;
  });
  return { code, events, errors, said };
}

const THREE = `etcd:
  hosts:
    etcd01: { ansible_host: 192.0.2.1 }
    etcd02: { ansible_host: 192.0.2.2 }
    etcd03: { ansible_host: 192.0.2.3 }
`;

it.each([
  [
    'what the file says',
    { 'inventory.yaml': `${THREE}  vars: { etcd_version: 3.5 }\n` },
    [],
    ['inventory.yaml:6:11 etcd_version of etcd01 must be text, found 3.5'],
  ],
  ['no file', {}, [], [expect.stringContaining('there is no file') as unknown as string]],
  [
    '-e',
    { 'inventory.yaml': THREE },
    ['-e', 'etcd_client_port=2380'],
    ['etcd_client_port of etcd01 is 2380, as is the other port (from --extra-vars)'],
  ],
  [
    'the model, at the variable',
    { 'inventory.yaml': `${THREE}  vars:\n    etcd_data_dir: /opt/etcd/bin\n` },
    [],
    ['inventory.yaml:7:5 etcd_data_dir of etcd01 is /opt/etcd/bin, as is etcd_bin_dir'],
  ],
  [
    'a setting that the version does not have',
    {
      'inventory.yaml': `${THREE}  vars:\n    etcd_version: "3.5.33"\n    etcd_settings: { snapshot-cuont: 1, log-output: x }\n`,
    },
    [],
    [
      'inventory.yaml:8:5 etcd_settings of etcd01: etcd 3.5.33 has no setting snapshot-cuont',
      'inventory.yaml:8:5 etcd_settings of etcd01: etcd 3.5.33 has no setting log-output',
    ],
  ],
  [
    'a setting that no version has, where the hosts say which one runs',
    { 'inventory.yaml': THREE },
    ['-e', '{"etcd_settings":{"logger":"zap","quota_backend_bytes":1}}'],
    ['etcd_settings of etcd01: no etcd known here has a setting quota_backend_bytes (from --extra-vars)'],
  ],
  [
    'the model, at the host',
    { 'inventory.yaml': `${THREE}    etcd04: { ansible_host: 192.0.2.4, etcd_member_name: etcd01 }\n` },
    [],
    ['inventory.yaml:6:40 etcd04 and etcd01 are both called etcd01 in cluster inventory'],
  ],
  [
    'every address to listen on',
    { 'inventory.yaml': `${THREE}  vars:\n    etcd_listen_address: "::"\n` },
    [],
    [
      'inventory.yaml:7:5 etcd_listen_address of etcd01 is ::, which is not an address of the host but all of them',
    ],
  ],
  [
    'the model, by -e',
    { 'inventory.yaml': THREE },
    ['-e', 'etcd_member_name=m', '--limit', 'etcd01'],
    [
      'etcd02 and etcd01 are both called m in cluster inventory (from --extra-vars)',
      'etcd03 and etcd02 are both called m in cluster inventory (from --extra-vars)',
    ],
  ],
] satisfies [string, Files, string[], string[]][])('refuses %s', async (_, files, args, said) => {
  const run = await site(files, ...args);
  expect(run.said).toEqual(said);
  expect(run.errors.every(({ hint, exitCode }) => hint !== undefined && exitCode === 1)).toBe(true);
  expect(run.events.map(({ event }) => event)).toEqual([...said.map(() => 'error'), 'recap']);
  expect(run.events.at(-1)).toMatchObject({ hosts: {}, exitCode: 1 });
  expect(run.code).toBe(1);
});

it('a file of inventory/ without its folder: says where it is', async () => {
  const run = await site({ 'inventory.yaml': THREE }, '-i', 'prod.yaml');
  expect(run.said).toEqual(['there is no file prod.yaml']);
  expect(run.errors[0]?.hint).toBe('did you mean inventory/prod.yaml?');
});

it.each(['--list-hosts', '--list-tags', '--list-tasks'])('%s judges no connection', async (flag) => {
  const vars = 'etcd_version: 3.5.30\n    etcd_settings: { heartbeat-interval: 200 }\n';
  const key = '    ansible_ssh_private_key_file: /nowhere/key\n    ansible_become_method: doas\n';
  const run = await site({ 'inventory.yaml': `${THREE}  vars:\n    ${vars}${key}` }, flag);
  expect([run.said, run.code]).toEqual([[], 0]);
});

it('--list-tasks asks for no addresses of names', async () => {
  const named = THREE.replace(
    'ansible_host: 192.0.2.3',
    'etcd_address: etcd03.example, ansible_host: 192.0.2.3',
  );
  const run = await site({ 'inventory.yaml': named }, '--list-tasks');
  expect([run.said, run.code]).toEqual([[], 0]);
});

it.each([
  ['--list-hosts', ['play: etcd clusters (etcd)', '  hosts (1):', '    etcd02']],
  ['--list-tags', ['play: etcd clusters (etcd)', '  tags: certs, verify']],
  ['--list-tasks', ['play: etcd clusters (etcd)', expect.stringMatching(/^ {2}certs: /)]],
])('%s as JSON: a log event a line, then a recap', async (flag, lines) => {
  const run = await site({ 'inventory.yaml': THREE }, '-l', 'etcd02', '-t', 'certs,verify', flag);
  const logs = run.events.slice(0, -1);
  expect(logs.every(({ event }) => event === 'log')).toBe(true);
  expect(logs.slice(0, lines.length).map(({ message }) => message)).toEqual(lines);
  expect(run.events.at(-1)).toMatchObject({ event: 'recap', hosts: {}, exitCode: 0 });
  expect(run.code).toBe(0);
});
