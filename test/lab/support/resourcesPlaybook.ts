import { main } from '../../../lib/cli/main.ts';
import { plainPlay } from '../../../lib/dsl/plain-play.ts';
import { role } from '../../../lib/dsl/role.ts';
import { sh } from '../../../lib/dsl/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { group } from '../../../lib/resources/group.ts';
import { user } from '../../../lib/resources/user.ts';

const UNIT = '[Service]\nExecStart=/bin/sleep 1000\n';

/** What the variable `lab_case` picks. */
const CASES: Readonly<Record<string, () => readonly Task[]>> = {
  bare() {
    const owner = { owner: 'lab-web', group: 'lab-web' };
    return [
      group('lab-web'),
      user('lab-web', { group: 'lab-web', home: '/srv/lab/www' }),
      directory('/srv/lab/www/', { mode: '2755', ...owner }),
      file('/srv/lab/www/index.html', { content: '<h1>hello</h1>\n', mode: 'u=rw,g=r,o=', ...owner }),
      command('the page is counted', {
        run: sh`cksum </srv/lab/www/index.html >/srv/lab/sum`,
        unless: sh`[ -f /srv/lab/sum ] && [ "$(cksum </srv/lab/www/index.html)" = "$(cat /srv/lab/sum)" ]`,
      }),
    ];
  },
  masked: () => [file('/etc/systemd/system/lab-masked.service', { content: UNIT, mode: '0644' })],
  'read-only': () => [file('/sys/kernel/lab', { content: '', mode: '0644' })],
  owner: () => [file('/srv/lab-owner', { content: '', mode: '0644', owner: 'lab-nobody' })],
};

await main(import.meta.url, {
  name: 'resources',
  description: 'Resources on real hosts.',
  plays: [
    plainPlay({
      name: 'resources',
      hosts: 'all',
      roles: [
        role({
          name: 'resources',
          description: 'What lab_case says.',
          vars: { lab_case: { type: 'string' } },
          tasks: ({ vars }) => CASES[vars.lab_case]?.() ?? [],
        }),
      ],
    }),
  ],
});
