import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { loadedUnit } from '../../../../lib/etcd/facts/loaded-unit.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';

const member = memberOf({ name: 'etcd01', vars: DEFAULTS, hostvars: { etcd01: DEFAULTS } });

/** What is made of a unit that systemd shows so, one look after the other and the last for ever: its state, and the looks. */
function looks(...shown: readonly string[]): readonly [state: string, looks: number] {
  const dir = scratch();
  shown.forEach((line, i) => {
    writeFileSync(`${dir}/${i + 1}`, `${line.replaceAll(' ', '\n')}\n`);
  });
  const fake = `#!/bin/sh\nn=$(cat ${dir}/n 2>/dev/null); n=$((n + 1)); echo $n >${dir}/n
[ -f ${dir}/$n ] || n=${shown.length}\ncat ${dir}/$n\n`;
  writeFileSync(`${dir}/systemctl`, fake);
  chmodSync(`${dir}/systemctl`, 0o755);
  const script = `${PRELUDE}\nq_nap() { :; }\nPATH=${dir}:$PATH\n${loadedUnit(member).text}
q_property ActiveState; echo "$q_rest $(cat ${dir}/n)"`;
  const [state = '', count] = execFileSync('sh', [], { input: script, encoding: 'utf8' }).trim().split(' ');
  return [state, Number(count)];
}

it.each<[what: string, shown: readonly string[], wanted: readonly [string, number]]>([
  ['a member that runs', ['ActiveState=active Job=7'], ['active', 1]],
  ['one that rests', ['ActiveState=inactive'], ['inactive', 1]],
  ['one that has failed, for a systemd that tells of no job', ['ActiveState=failed Job=0'], ['failed', 1]],
  ['one that waits for its peers', ['ActiveState=activating Job=7'], ['activating', 1]],
])('%s is as systemd says at once', (_what, shown, wanted) => {
  expect(looks(...shown)).toEqual(wanted);
});

it('a member that somebody restarts is waited for, until it runs again', () => {
  const shown = ['deactivating Job=7', 'inactive Job=7', 'activating Job=7', 'active'];
  expect(looks(...shown.map((state) => `ActiveState=${state}`))).toEqual(['active', 4]);
});

it('one that only stops is not waited for longer than that takes', () => {
  expect(looks('ActiveState=deactivating Job=7', 'ActiveState=inactive')).toEqual(['inactive', 2]);
});

it('one that does not come to an end of it is not waited for for ever', () => {
  expect(looks('ActiveState=deactivating')).toEqual(['deactivating', 20]);
});
