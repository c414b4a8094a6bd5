import { playbook } from '../lib/cli/playbook.ts';
import { play } from '../lib/dsl/plain-play.ts';
import { base } from '../roles/base.ts';
import { web } from '../roles/web/index.ts';

export default await playbook(import.meta, {
  description: 'A web site behind nginx on the hosts of group web, and what every host has.',
  examples: [
    ['-i hosts.ini --check --diff', 'what a run would change'],
    ['-i hosts.ini -r base', 'what every host has, alone'],
  ],
  plays: [play({ hosts: 'all', roles: [base] }), play({ hosts: 'web', roles: [web] })],
});
