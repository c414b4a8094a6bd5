import { join } from 'node:path';
import type { Lab } from '../lab.ts';
import { type Outcome, runPlaybook } from '../playbook.ts';

/** What tests of faults do to a lab, again and again. */
export function faultsOn(running: () => Lab) {
  let setting = 20_000;
  const lab = () => running();
  const site = (...args: string[]) => runPlaybook(lab(), args);
  const status = () => runPlaybook(lab(), [], { playbook: 'status' });
  const on = async (host: string, script: string, input?: string) => {
    const done = await lab().ssh(host, script, input === undefined ? {} : { input });
    return done.stdout.trim();
  };
  const onAll = (script: string) => Promise.all(lab().hosts.map(({ name }) => on(name, script)));
  const pids = () => onAll('systemctl show -p MainPID --value etcd');
  /** A roll: a setting that every member must be restarted for. */
  const roll = () => {
    setting += 1;
    return ['-e', `{"etcd_settings":{"snapshot-count":${setting}}}`];
  };
  const said = ({ errors }: Pick<Outcome, 'errors'>) =>
    errors.map(({ message, hint = '' }) => `${message}\n${hint}`).join('\n');
  const control = () => join(lab().stateDir, '.quorate/inventory');
  /** Until members that were started anew have found each other. */
  const healthy = async () => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const { code } = await site();
      if (code === 0) return;
    }
    throw new Error('the cluster did not come back');
  };
  return { site, status, on, onAll, pids, roll, said, control, healthy };
}
