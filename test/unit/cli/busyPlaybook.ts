import { main } from '../../../lib/cli/main.ts';

/** A playbook that works for three seconds in a process that looks at signals every 40 ms: tsx waits for 30. */
await main(import.meta.url, {
  name: 'busy',
  description: 'Works for three seconds.',
  plays: [
    {
      name: 'busy',
      hosts: 'all',
      gather: { probe: () => ({ text: ':' }), parse: () => undefined },
      roles: [{ name: 'role', description: 'Has nothing to do.', vars: {}, tasks: () => [] }],
      strategy: {
        async converge(run) {
          run.log('info', 'busy');
          const end = Date.now() + 3000;
          while (Date.now() < end) {
            for (const until = Date.now() + 40; Date.now() < until; );
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
          run.log('info', 'finished');
        },
      },
      stateDir: () => '/nonexistent',
      owner: () => 'nobody',
    },
  ],
});
