import { playbook } from '../../../lib/cli/playbook.ts';
import { play } from '../../../lib/dsl/plain-play.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { command } from '../../../lib/resources/command.ts';

/** A playbook whose task fails, after a word. */
await playbook(import.meta, {
  plays: [
    play({
      hosts: 'all',
      roles: [
        {
          name: 'role',
          description: 'Fails.',
          vars: {},
          tasks: () => [command('fails', { run: sh`echo oh-no; exit 3`, changedWhen: 'always' })],
        },
      ],
    }),
  ],
});
