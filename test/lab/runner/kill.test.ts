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

/** The changes of a first run: `npm run test:kill` goes through all points of it, and of others. */
const CHANGES = 45;

describeLab(`a run that is ended in the middle (QUORATE_SEED=${seed})`, () => {
  let lab: Lab;
  const next = random(seed);
  beforeAll(async () => {
    lab = await startLab({ name: 'kill' });
  });
  afterAll(async () => lab?.stop());

  it(`SIGKILL of a first run after one of ${CHANGES} changes: one rerun converges`, async () => {
    const point = 1 + Math.floor(next() * CHANGES);
    const { result, problems, at, client } = await survive(AFTER_CHANGES.first, lab, point, next);
    console.log(`killed after change ${point}: ${at}; ${client && describeClient(client)}`);
    expect(problems).toEqual([]);
    expect(result).toBe('ok');
  });

  it('SIGINT in a roll finishes the task in hand, says so, and ends with 130', async () => {
    const setting = ['-e', '{"etcd_settings":{"snapshot-count":40000}}'];
    expect((await interrupt(lab, 1, 'SIGINT', { args: setting })).code).toBe(130);
    expect((await runPlaybook(lab, setting)).code).toBe(0);
  });
});
