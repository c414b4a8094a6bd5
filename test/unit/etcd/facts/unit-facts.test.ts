import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseUnitFacts, strangeDropIns, unitFacts } from '../../../../lib/etcd/facts/unit-facts.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

const member = memberOf({ name: 'a', vars: DEFAULTS, hostvars: { a: DEFAULTS } });

/** A host below a scratch folder. */
function host() {
  const dir = scratch();
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
    return join(dir, path);
  };
  const read = (file = 'sh', args: readonly string[] = [], loaded = '') => {
    const script = unitFacts(member).text.replaceAll(
      /\/(etc|run|usr\/local\/lib|usr\/lib)\/systemd/g,
      `${dir}$&`,
    );
    const setup = `q_nl='\n'\nq_unit='\nLoadState=loaded\nDropInPaths=${loaded}\nActiveState=active'\n`;
    const { stdout } = spawnSync(file, [...args, '-c', setup + script], { encoding: 'utf8' });
    return parseUnitFacts(stdout);
  };
  return { put, read };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe.each(SHELLS)('drop-ins of a unit, under %s', (_name, file, ...args) => {
  it('are read with their digest, wherever they lie', () => {
    const { put, read } = host();
    const text = '[Service]\n# why\nEnvironment=ETCD_UNSAFE_NO_FSYNC=true "A=b c"\n\nLimitNOFILE=9';
    const own = put('/etc/systemd/system/etcd.service.d/a.conf', text);
    const elsewhere = put('/elsewhere/b.conf', '[Service]\nCPUWeight=50\n');
    expect(read(file, args, `${own} ${elsewhere}`)).toEqual({
      dropIns: [
        { path: own, lines: ['Environment=ETCD_UNSAFE_NO_FSYNC=true "A=b c"', 'LimitNOFILE=9'] },
        { path: elsewhere, lines: ['CPUWeight=50'] },
      ],
      dropInDigest: sha256(text),
    });
  });

  it('count wherever systemd takes them from, loaded or not yet', () => {
    const { put, read } = host();
    expect(read(file, args, '')).toEqual({ dropIns: [], dropInDigest: undefined });
    const places = [
      '/run/systemd/system/etcd.service.d/a.conf',
      '/usr/lib/systemd/system/etcd.service.d/b.conf',
      '/usr/lib/systemd/system/service.d/c.conf',
    ];
    const paths = places.map((place, i) => put(place, `CPUWeight=${i + 1}\n`));
    const found = read(file, args, paths[2]);
    expect(found.dropInDigest).toBe(sha256('CPUWeight=1\nCPUWeight=2\nCPUWeight=3\n'));
    expect([...found.dropIns].map(({ path }) => path).sort()).toEqual([...paths].sort());
    // The same name in /etc goes before.
    const first = put('/etc/systemd/system/etcd.service.d/a.conf', 'Nice=1\n');
    expect(read(file, args, '').dropIns.map(({ path }) => path)).toEqual([first, paths[1], paths[2]]);
  });

  it('are read in whole lines: one that ends with a backslash goes on', () => {
    const { put, read } = host();
    const path = put(
      '/etc/systemd/system/etcd.service.d/a.conf',
      '[Service]\nEnvironment=A=1 \\\n# why\n  ; and\n  ETCD_UNSAFE_NO_FSYNC=true\nNice=1 \\',
    );
    const found = read(file, args, path);
    expect(found.dropIns[0]?.lines).toEqual(['Environment=A=1    ETCD_UNSAFE_NO_FSYNC=true', 'Nice=1']);
    expect(strangeDropIns(found)[0]?.said).toHaveLength(1);
  });
});

it.each<[string, boolean]>([
  ['LimitNOFILE=1', false],
  ['CPUWeight=50', false],
  ['Environment=GOMAXPROCS=2', false],
  ['Restart=always', false],
  ['Environment=ETCD_UNSAFE_NO_FSYNC=true', true],
  ['Environment="GOGC=80" "ETCD_NAME=b"', true],
  ['ExecStart=', true],
  ['ExecStart=/opt/etcd/bin/etcd --name b', true],
  ['ProtectSystem=no', true],
  ['NoNewPrivileges = no', true],
  ['CapabilityBoundingSet=~', true],
  ['ReadWritePaths=/', true],
  ['EnvironmentFile=/etc/default/etcd', true],
])('%s makes another member of it: %s', (line, strange) => {
  const found = strangeDropIns({ dropIns: [{ path: '/x.conf', lines: [line] }], dropInDigest: undefined });
  expect(found).toEqual(strange ? [{ path: '/x.conf', said: [line] }] : []);
});
