import { main } from '../../../lib/cli/main.ts';

/** How long it is deaf to signals at a time, in ms. tsx waits for 30, and then kills what takes none within as many. */
const DEAF = Number(process.env.DEAF ?? 40);

/** A playbook that works for three seconds. */
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
            for (const until = Date.now() + DEAF; Date.now() < until; );
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
