import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { caseOf, describeCase } from './cases.ts';
import { tryCase } from './prove.ts';
import type { Settings } from './settings.ts';

/** Always the same few here; `QUORATE_SEED=N` tries others, and `npm run test:property` many. */
const seed = Number(process.env.QUORATE_SEED ?? 1000);

describeLab(`a check of any state with any settings is the truth (QUORATE_SEED=${seed})`, () => {
  let lab: Lab;
  let current: Settings | undefined;
  beforeAll(async () => {
    lab = await startLab({ name: 'property' });
  });
  afterAll(async () => lab?.stop());

  it.each([0, 1])('case %i', async (i) => {
    const one = caseOf(seed + i, ['etcd01', 'etcd02', 'etcd03'], current);
    const verdict = await tryCase(lab, one, current);
    current = verdict.current;
    console.log(`${verdict.how}, ${verdict.changes} changes: ${describeCase(one)}`);
    expect(verdict.problems, JSON.stringify(one)).toEqual([]);
  });
});
