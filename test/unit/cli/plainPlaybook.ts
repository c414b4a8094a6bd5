import { playbook } from '../../../lib/cli/playbook.ts';
import { play } from '../../../lib/dsl/plain-play.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { command } from '../../../lib/resources/command.ts';

/** A playbook that needs nothing but a connection. */
await playbook(import.meta, {
  plays: [
    play({
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
