import { afterAll, beforeAll, expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { joinSh, raw, sh } from '../../../lib/dsl/shell/sh.ts';
import { group } from '../../../lib/resources/group.ts';
import { user } from '../../../lib/resources/user/index.ts';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';

const CREATED = {
  resource: 'x',
  kind: 'create',
  property: 'group',
  before: null,
  after: 'x',
  certainty: 'certain',
} as const;

describeLab('an account that services share', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'accounts', hosts: 1 });
  });
  afterAll(async () => lab?.stop());

  it('is made once, however many make it at a time', async () => {
    const names = ['one', 'two', 'three', 'four', 'five', 'six'];
    const made = names.map((name) => {
      const tasks = [group(name), user(name, { system: true, group: name, home: '/nowhere' })];
      const applies = tasks.map(
        (task) => sh`(${task.apply([CREATED], {})}) || echo ${`failed: ${task.title}`}`,
      );
      return sh`for i in 1 2 3 4; do { ${joinSh(applies)}
} & done
wait
echo ${name} "$(id -gn ${name}) $(grep -c ${`^${name}:`} /etc/passwd) $(grep -c ${`^${name}:`} /etc/group)"`;
    });
    const { stdout, stderr } = await lab.ssh('etcd01', joinSh([raw(PRELUDE), ...made]).text);
    expect(stdout + stderr).toBe(names.map((name) => `${name} ${name} 1 1\n`).join(''));
  });
});
