import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { perform } from './perform.ts';
import { describeAct, story } from './story.ts';

/** Always the same here: a roll that is killed. `QUORATE_SEED=N` tries another, and `npm run chaos` many acts. */
const seed = Number(process.env.QUORATE_SEED ?? 144);

describeLab(`operations, and what goes wrong meanwhile (QUORATE_SEED=${seed})`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'chaos', hosts: 4 });
  });
  afterAll(async () => lab?.stop());

  it('lose no acknowledged write, and come to their end', async () => {
    const acts = story(
      seed,
      lab.hosts.map(({ name }) => name),
      1,
    );
    const { problems, client } = await perform(lab, acts, (line) => console.log(line));
    console.log(describeClient(client));
    expect(problems, acts.map(describeAct).join('\n')).toEqual([]);
  });
});
