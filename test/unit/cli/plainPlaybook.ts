import { main } from '../../../lib/cli/main.ts';
import { plainPlay } from '../../../lib/dsl/plain-play.ts';
import { sh } from '../../../lib/dsl/sh.ts';
import { command } from '../../../lib/resources/command.ts';

/** A playbook that needs nothing but a connection. */
await main(import.meta.url, {
  name: 'plain',
  description: 'Needs hosts, and no more.',
  plays: [
    plainPlay({
      name: 'plain',
      hosts: 'all',
      roles: [
        {
          name: 'role',
          description: 'Runs a command.',
          vars: {},
          tasks: () => [command('command', { run: sh`:`, changedWhen: 'always' })],
        },
      ],
    }),
  ],
});
