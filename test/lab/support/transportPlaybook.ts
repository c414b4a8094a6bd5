import { main } from '../../../lib/cli/main.ts';
import { raw, sh } from '../../../lib/dsl/shell/sh.ts';
import { command } from '../../../lib/resources/command.ts';

/** A playbook that needs nothing but a connection: says whose scripts run, and runs one from the inventory. */
await main(import.meta.url, {
  name: 'transport',
  description: 'Runs the script of the inventory.',
  plays: [
    {
      name: 'transport',
      hosts: 'all',
      gather: { probe: () => sh`id -un`, parse: (reading) => reading.out.trim() },
      vars: { lab_script: { type: 'string', default: '' } },
      roles: [
        {
          name: 'shell',
          description: 'Runs the script.',
          vars: {},
          tasks: ({ vars }) =>
            vars.lab_script === ''
              ? []
              : [command('script', { run: raw(String(vars.lab_script)), changedWhen: 'always' })],
        },
      ],
      strategy: {
        async converge(run) {
          await run.each(run.hosts, (host) => host.apply(() => true));
        },
        async verify(run) {
          for (const { target } of run.hosts) run.log('info', `${target.name} is ${target.facts}`);
        },
      },
      stateDir: () => '/var/lib/quorate/transport',
      owner: () => 'transport',
    },
  ],
});
