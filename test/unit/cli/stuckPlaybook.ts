import { main } from '../../../lib/cli/main.ts';

/** A playbook that waits for something that no script on a host does, as a download that hangs is waited for. */
await main(import.meta.url, {
  name: 'stuck',
  description: 'Never ends.',
  plays: [
    {
      name: 'stuck',
      hosts: 'all',
      gather: { probe: () => ({ text: ':' }), parse: () => undefined },
      roles: [{ name: 'role', description: 'Has nothing to do.', vars: {}, tasks: () => [] }],
      strategy: {
        async converge(run) {
          run.log('info', 'stuck');
          await new Promise((resolve) => setTimeout(resolve, 60_000));
        },
      },
      stateDir: () => '/nonexistent',
      owner: () => 'nobody',
    },
  ],
});
