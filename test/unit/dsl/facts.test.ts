import { availableParallelism, release, totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { factSource } from '../../../lib/dsl/facts.ts';
import type { FactName, HostFacts } from '../../../lib/dsl/host-facts.ts';
import { role } from '../../../lib/dsl/role.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { exchange } from '../../../lib/runner/exchange/exchange.ts';
import { shellHost } from '../support/shell-host.ts';

const HOST = { name: 'web1', vars: {}, hostvars: {} };

/** What a fact becomes of what its probe printed. */
function parsed<Name extends FactName>(name: Name, out: string): HostFacts[Name] {
  return factSource([name]).parse({ code: 0, out: `${MARK}fact-${name}\n${out}\n` }, HOST)[name];
}

const OS_RELEASES: readonly (readonly [string, string, string, string, string])[] = [
  [
    'Debian',
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian',
    'debian',
    '12',
    'debian',
  ],
  ['Ubuntu', 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"', 'ubuntu', '24.04', 'debian'],
  ['Rocky', 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"', 'rocky', '9.4', 'redhat'],
  ['Amazon Linux', 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"', 'amzn', '2023', 'redhat'],
  [
    'openSUSE Leap',
    'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"',
    'opensuse-leap',
    '15.6',
    'suse',
  ],
  ['Arch, which has no version', 'NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling', 'arch', '', 'arch'],
  ['Alpine', "ID='alpine'\nVERSION_ID='3.20.1'", 'alpine', '3.20.1', 'alpine'],
  [
    'a child of Ubuntu',
    'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"',
    'linuxmint',
    '22',
    'debian',
  ],
  ['NixOS', 'ID=nixos\nVERSION_ID="24.05"', 'nixos', '24.05', 'other'],
  [
    'comments, and a value with quotes in it',
    '# ID=x\nNAME="a \\"b\\""\nID=debian\r\nVERSION_ID=""',
    'debian',
    '',
    'debian',
  ],
  ['no such file', '', '', '', 'other'],
];

describe('distribution, version and family', () => {
  it.each(OS_RELEASES)('of %s', (_name, out, distribution, version, family) => {
    expect([parsed('distribution', out), parsed('version', out), parsed('family', out)]).toEqual([
      distribution,
      version,
      family,
    ]);
  });

  it('are read from one file once', () => {
    const { text } = factSource(['distribution', 'version', 'family']).probe(HOST);
    expect(text.match(/os-release/g)).toHaveLength(2);
  });
});

it('addresses are those that others can use', () => {
  const out = '127.0.0.1\n10.0.0.5\n::1\nfe80::1\nfd00::5\n169.254.3.4\n10.0.0.5\nnonsense; rm\n';
  expect(parsed('addresses', out)).toEqual(['10.0.0.5', 'fd00::5']);
});

it('mounts have their paths as they are, and free space where it can be known', () => {
  const out = [
    'mount /dev/sda1 / ext4 rw,relatime 0 0',
    String.raw`mount nas:/x /srv/with\040space nfs4 rw,hard 0 0`,
    'df Filesystem 1024-blocks Used Available Capacity Mounted on',
    'df /dev/sda1 41152736 9999 20971520 1% /',
  ].join('\n');
  expect(parsed('mounts', out)).toEqual([
    { path: '/', device: '/dev/sda1', type: 'ext4', options: ['rw', 'relatime'], freeMb: 20480 },
    { path: '/srv/with space', device: 'nas:/x', type: 'nfs4', options: ['rw', 'hard'], freeMb: undefined },
  ]);
});

it('users and packages are lists of what the host says, without lines that are none', () => {
  expect(parsed('users', 'root:x:0:0:root:/root:/bin/bash\n+::::::\nbad')).toEqual([
    { name: 'root', uid: 0, gid: 0, home: '/root', shell: '/bin/bash' },
  ]);
  expect(parsed('packages', 'nginx 1.22.1-9\nlibc6 2.36\n')).toEqual({ nginx: '1.22.1-9', libc6: '2.36' });
});

it('what a host does not say is a value, not an error', () => {
  const { cpus, memoryMb, serviceManager, addresses } = factSource([
    'cpus',
    'memoryMb',
    'serviceManager',
    'addresses',
  ]).parse({ code: 1, out: '' }, HOST);
  expect({ cpus, memoryMb, serviceManager, addresses }).toEqual({
    cpus: 1,
    memoryMb: 0,
    serviceManager: 'none',
    addresses: [],
  });
});

it('a real host says all of them in one exchange', async () => {
  const names: readonly FactName[] = [
    'kernel',
    'cpus',
    'memoryMb',
    'mounts',
    'users',
    'packages',
    'addresses',
  ];
  const source = factSource(names);
  const host = shellHost();
  const { readings } = await exchange(host, [{ id: 'facts', sh: source.probe(HOST), critical: false }], {
    doing: 'reading facts',
    stateDir: '/nonexistent',
  });
  const facts = source.parse(readings.get('facts')!, HOST);
  expect(host.roundTrips).toBe(1);
  expect(facts).toMatchObject({ kernel: release(), cpus: availableParallelism() });
  expect(Math.abs(facts.memoryMb - totalmem() / 2 ** 20)).toBeLessThan(2);
  expect(facts.users).toContainEqual(expect.objectContaining({ name: 'root', uid: 0 }));
  expect(facts.mounts.map(({ path }) => path)).toContain('/proc');
});

it('a role sees the facts that it asked for, and no other', () => {
  role({
    name: 'asks',
    description: '',
    facts: ['distribution', 'mounts'],
    tasks({ facts, hostvars, hostfacts, groups }) {
      const distribution: string = facts.distribution;
      const path: string | undefined = facts.mounts[0]?.path;
      // @ts-expect-error nobody asked for it
      const other: unknown = facts.memoryMb;
      // @ts-expect-error another host may be missing
      const far: unknown = hostvars.web2.port;
      // @ts-expect-error a group may be missing
      const first: string = groups.web[0];
      // @ts-expect-error another host may not have been read
      const there: unknown = hostfacts.web2.addresses;
      return [distribution, path, other, far, first, there].flatMap(() => []);
    },
  });
  role({
    name: 'asks for nothing',
    description: '',
    // @ts-expect-error no facts were asked for
    tasks: ({ facts }) => [facts.kernel].flatMap(() => []),
  });
  role({
    name: 'asks for what there is not',
    description: '',
    // @ts-expect-error no such fact
    facts: ['distro'],
    tasks: () => [],
  });
});
