import { afterAll, beforeAll, expect, it } from 'vitest';
import { matrixCases } from './matrix/dimensions.ts';
import { mainJob } from './matrix/mainJob.ts';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { random } from './support/random.ts';
import { releasedVersions } from './support/releases.ts';

const SEED = 1;

/** One case a version, of those whose hosts are ready and few; `npm run test:matrix` runs them all. */
const all = matrixCases(random(SEED), {
  suite: ['bookworm'],
  cgroup: ['hybrid'],
  members: ['three', 'shared-hosts'],
  shell: ['bash', 'banner', 'fish', 'csh'],
});
const CASES = releasedVersions().flatMap((version) => all.find((one) => one.version === version) ?? []);

describeLab('the whole main job on hosts of many kinds', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'matrixci', hosts: 4 });
  });
  afterAll(async () => lab?.stop());

  it.each(CASES)(
    '$version, $members, $address, $login, $route, $shell, $firewall',
    { timeout: 300_000 },
    async (choice) => {
      await lab.reset('etcd01', 'etcd02', 'etcd03');
      expect(await mainJob(lab, choice, random(SEED))).toEqual([]);
    },
  );
});
