import { afterAll, beforeAll, expect, it } from 'vitest';
import { AFTER_CHANGES, survive } from '../support/cases/killKinds.ts';
import { describeClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { interrupt } from '../support/interrupt.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { runPlaybook } from '../support/playbook.ts';
import { random } from '../support/random.ts';

/** Always the same points here; `QUORATE_SEED=N` tries others. */
const seed = Number(process.env.QUORATE_SEED ?? 1001);

/** Kinds with the number of their changes: `npm run test:kill` goes through all points. */
const KILLS = [
  ['first', 45],
  ['roll', 6],
] as const;

describeLab(`a run that is ended in the middle (QUORATE_SEED=${seed})`, () => {
  let lab: Lab;
  const next = random(seed);
  beforeAll(async () => {
    lab = await startLab({ name: 'kill' });
  });
  afterAll(async () => lab?.stop());

  it.each(KILLS)(
    'SIGKILL of a %s run after one of %i changes: one rerun converges',
    async (name, changes) => {
      const point = 1 + Math.floor(next() * changes);
      const { result, problems, at, client } = await survive(AFTER_CHANGES[name], lab, point, next);
      console.log(`killed after change ${point}: ${at}; ${client && describeClient(client)}`);
      expect(problems).toEqual([]);
      expect(result).toBe('ok');
    },
  );

  it('SIGINT finishes the task in hand, says so, and ends with 130', async () => {
    const setting = ['-e', '{"etcd_settings":{"snapshot-count":40000}}'];
    expect((await interrupt(lab, 1, 'SIGINT', { args: setting })).code).toBe(130);
    expect((await runPlaybook(lab, setting)).code).toBe(0);
  });
});
