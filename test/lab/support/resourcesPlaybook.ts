import { playbook } from '../../../lib/cli/playbook.ts';
import { play } from '../../../lib/dsl/plain-play.ts';
import { role } from '../../../lib/dsl/role.ts';
import { sh } from '../../../lib/dsl/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { group } from '../../../lib/resources/group.ts';
import { hostsEntry } from '../../../lib/resources/hosts-entry.ts';
import { line } from '../../../lib/resources/line.ts';
import { packages } from '../../../lib/resources/packages/index.ts';
import { service } from '../../../lib/resources/service/index.ts';
import { textBlock } from '../../../lib/resources/text-block.ts';
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
  edits: () => [
    line('/etc/lab.conf', { line: 'Port 2222', match: /^#?Port / }),
    textBlock('/etc/lab.conf', { name: 'ours', content: 'one\ntwo' }),
    hostsEntry('lab.internal', { address: '10.0.52.99', aliases: ['lab'] }),
  ],
  packages: () => [packages('lab-site', { version: '1.1*' }), packages('lab-extra')],
  service() {
    const conf = file('/etc/lab-site.conf', { content: 'port 8080\n' });
    const words = file('/etc/lab-site.words', { content: 'words\n' });
    return [packages('lab-site'), conf, words, service('lab-site', { restartOn: [conf], reloadOn: [words] })];
  },
  'service-stopped': () => [service('lab-site', { state: 'stopped', enabled: false })],
  'packages-gone': () => [packages('lab-extra lab-site', { state: 'absent' })],
  masked: () => [file('/etc/systemd/system/lab-masked.service', { content: UNIT, mode: '0644' })],
  'read-only': () => [file('/sys/kernel/lab', { content: '', mode: '0644' })],
  owner: () => [file('/srv/lab-owner', { content: '', mode: '0644', owner: 'lab-nobody' })],
};

await playbook(import.meta, {
  plays: [
    play({
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
