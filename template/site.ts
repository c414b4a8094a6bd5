import { play, playbook } from 'quorate';
import { hello } from './roles/hello.ts';

/** Which roles are for which hosts of the inventory. */
export default await playbook(import.meta, {
  description: 'Brings our hosts to what our roles say.',
  plays: [play({ hosts: 'all', roles: [hello] })],
});
