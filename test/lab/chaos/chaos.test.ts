import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { usualVersion } from '../support/releases/releases.ts';
import { perform } from './perform.ts';
import { describeAct, story } from './story.ts';

/** Always the same here: a roll that is killed. `QUORATE_SEED=N` tries another, and `npm run chaos` many acts. */
const seed = Number(process.env.QUORATE_SEED ?? 12);

describeLab(`operations, and what goes wrong meanwhile (QUORATE_SEED=${seed})`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'chaos', hosts: 4 });
  });
  afterAll(async () => lab?.stop());

  it('lose no acknowledged write, and come to their end', async () => {
    const acts = story(seed, { hosts: lab.hosts.map(({ name }) => name), versions: [usualVersion()] }, 1);
    const { problems, clients } = await perform(lab, acts, (line) => console.log(line));
    console.log(clients.map(describeClient).join('\n'));
    expect(problems, acts.map(describeAct).join('\n')).toEqual([]);
  });
});
