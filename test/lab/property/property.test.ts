import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { caseOf, describeCase } from './cases.ts';
import { tryCase } from './prove.ts';

/** Always the same one here; `QUORATE_SEED=N` tries others, and `npm run test:property` many. */
const seed = Number(process.env.QUORATE_SEED ?? 1000);

describeLab(`a check of any state with any settings is the truth (QUORATE_SEED=${seed})`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'property' });
  });
  afterAll(async () => lab?.stop());

  it('from bare hosts on', async () => {
    const one = caseOf(seed, ['etcd01', 'etcd02', 'etcd03'], undefined);
    const verdict = await tryCase(lab, one, undefined);
    console.log(`${verdict.how}, ${verdict.changes} changes: ${describeCase(one)}`);
    expect(verdict.problems, JSON.stringify(one)).toEqual([]);
  });
});
