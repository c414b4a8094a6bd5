import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseUnitFacts, strangeDropIns, unitFacts } from '../../../../lib/etcd/facts/unit-facts.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

const member = memberOf({ name: 'a', vars: DEFAULTS, hostvars: { a: DEFAULTS } });

describe.each(SHELLS)('drop-ins of a unit, under %s', (_name, file, ...args) => {
  it('are read with their digest, wherever they lie', () => {
    const dir = scratch();
    const own = join(dir, 'etcd.service.d');
    mkdirSync(own);
    const [a, elsewhere] = [join(own, 'a.conf'), join(dir, 'run.conf')];
    const text = '[Service]\n# why\nEnvironment=ETCD_UNSAFE_NO_FSYNC=true "A=b c"\n\nLimitNOFILE=9';
    writeFileSync(a, text);
    writeFileSync(elsewhere, '[Service]\nCPUWeight=50\n');
    const script = unitFacts(member).text.replaceAll('/etc/systemd/system/etcd.service.d', own);
    const setup = `q_nl='\n'
q_unit='
LoadState=loaded
DropInPaths=${a} ${elsewhere}
ActiveState=active'
`;
    const { stdout } = spawnSync(file ?? 'sh', [...args, '-c', setup + script], { encoding: 'utf8' });
    expect(parseUnitFacts(stdout)).toEqual({
      dropIns: [
        { path: a, lines: ['Environment=ETCD_UNSAFE_NO_FSYNC=true "A=b c"', 'LimitNOFILE=9'] },
        { path: elsewhere, lines: ['CPUWeight=50'] },
      ],
      dropInDigest: createHash('sha256').update(text).digest('hex'),
    });
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
