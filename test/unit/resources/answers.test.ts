import { expect, it } from 'vitest';
import { World } from '../../../lib/dsl/world/world.ts';
import { LaterContent } from '../../../lib/resources/content/later.ts';
import { file } from '../../../lib/resources/file.ts';
import { firewall } from '../../../lib/resources/firewall/index.ts';
import { firewallOff } from '../../../lib/resources/firewall/off.ts';
import { service } from '../../../lib/resources/service/index.ts';
import { user } from '../../../lib/resources/user/index.ts';

it.each([
  firewall('etcd', { ports: [{ port: 2380, sources: ['10.0.0.1'] }] }),
  firewallOff('firewalld', {}),
  service('web'),
])('nothing is planned from a probe that failed: $title', (task) => {
  const failed = { code: 1, out: 'Failed to get properties: Connection timed out\n' };
  expect(() => task.diff(failed, new World())).toThrow(
    /^cannot (read .*: exit status 1|look at web: systemd .*): Failed to get properties/,
  );
});

it('a user is moved to another group while nobody else changes accounts', () => {
  const task = user('web', { group: 'web', home: '/srv' });
  const change = {
    kind: 'update',
    property: 'group',
    before: 'a',
    after: 'web',
    certainty: 'certain',
  } as const;
  expect(task.apply([{ ...change, resource: 'user:web' }], {}).text).toMatch(
    /flock -n.*usermod --gid web\s+web( \|\| exit)?$/ms,
  );
});

it('no empty file is written in place of content that was never made', () => {
  const task = file('/etc/x', { content: new LaterContent(async () => 'x') });
  const changes = task.diff({ code: 0, out: '' }, new World());
  expect(() => task.apply(changes, {})).toThrow('the content of /etc/x was never made');
});
