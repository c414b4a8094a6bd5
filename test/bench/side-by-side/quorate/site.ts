import { play, playbook } from 'quorate';
import { site } from './roles/site.ts';

export default await playbook(import.meta, { plays: [play({ hosts: 'web', roles: [site] })] });
