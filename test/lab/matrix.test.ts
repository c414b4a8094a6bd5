import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MatrixCase, matrixCases } from './matrix/dimensions.ts';
import { mainJob } from './matrix/mainJob.ts';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { random } from './support/random.ts';
import { releasedVersions } from './support/releases.ts';

const SEED = 1;

/** Of those whose hosts are ready and few; `npm run test:matrix` runs them all, and on other hosts. */
const all = matrixCases(random(SEED), {
  suite: ['bookworm'],
  cgroup: ['hybrid'],
  members: ['three', 'shared-hosts'],
  shell: ['bash', 'banner', 'fish', 'csh'],
});
/** The oldest and one between: `minors.test.ts` has one of each minor, and all other files run the newest. */
const VERSIONS = new Set([releasedVersions()[0], '3.5.16']);
const CASES: MatrixCase[] = [];
for (const version of VERSIONS) {
  const seen = new Set(CASES.flatMap((one) => Object.values(one)));
  const news = (one: MatrixCase) => Object.values(one).filter((value) => !seen.has(value)).length;
  const own = all.filter((one) => one.version === version).sort((a, b) => news(b) - news(a));
  CASES.push(...own.slice(0, 1));
}

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
