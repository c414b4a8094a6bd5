import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MatrixCase, matrixCases } from './matrix/dimensions.ts';
import { mainJob } from './matrix/mainJob.ts';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { random } from './support/random.ts';
import { releasedVersions } from './support/releases.ts';

const SEED = 1;

/**
 * One of those whose hosts are ready and few: the oldest version, two members on one host. `minors.test.ts` has one of
 * each later minor, all other files run the newest; `npm run test:matrix` runs them all, and on other hosts.
 */
const CASES: readonly MatrixCase[] = matrixCases(random(SEED), {
  suite: ['bookworm'],
  cgroup: ['hybrid'],
  members: ['shared-hosts'],
  firewall: ['nftables'],
  shell: ['bash', 'banner', 'fish', 'csh'],
})
  .filter(({ version }) => version === releasedVersions()[0])
  .slice(0, 1);

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
