import { main } from '../../../lib/cli/main.ts';
import { Secret } from '../../../lib/dsl/secret.ts';

/** A playbook with a bug that carries a secret: `BUG` says where it is, `BUG_SECRET` what it carries. */
const secret = new Secret(process.env.BUG_SECRET ?? '').reveal();
const bug = () => {
  throw new TypeError(`cannot read ${secret}, nor ${JSON.stringify(secret)}`);
};
const at = (place: string) => {
  if (process.env.BUG === place) bug();
};

await main(import.meta.url, {
  name: 'bug',
  description: 'Has a bug.',
  refuses: () => at('refuses'),
  plays: [
    {
      name: 'bug',
      hosts: 'all',
      gather: { probe: () => ({ text: ':' }), parse: () => undefined },
      roles: [
        {
          name: 'role',
          description: 'Has it, too.',
          vars: {},
          tasks() {
            at('role');
            return [];
          },
        },
      ],
      strategy: {
        async converge() {
          at('strategy');
          if (process.env.BUG === 'timer') setTimeout(bug, 1);
          if (process.env.BUG === 'promise') void Promise.resolve().then(bug);
          await new Promise((resolve) => setTimeout(resolve, 100));
        },
      },
      stateDir: () => '/nonexistent',
      owner: () => 'nobody',
    },
  ],
});
