import { describe, expect, it } from 'vitest';
import { answersFromFacts } from '../../../../lib/etcd/health/ask.ts';
import { judgeCluster } from '../../../../lib/etcd/health/judge.ts';
import { membershipProblems, strayProblems } from '../../../../lib/etcd/survey/membership.ts';
import { listedMember, memberReading, memberStatus, surveyedOf } from '../../support/fake-cluster.ts';

const LIST = [1, 2, 3].map((i) => listedMember(i));
/** Three hosts, whose processes answer as these members of the list, and tell their host's address; undefined is none. */
function running(...as: readonly (number | undefined)[]) {
  return telling((at) => at, as);
}
/** The same, where host `at`, counted from 1, tells the address of another one. */
function telling(tells: (at: number) => number, as: readonly (number | undefined)[], members = LIST) {
  return surveyedOf(
    as.map((i, index) =>
      i === undefined
        ? {}
        : {
            reading: memberReading({
              members,
              status: { ...memberStatus(i), memberId: LIST[i - 1]!.id },
              clientUrl: `https://10.0.0.${tells(index + 1)}:2379`,
            }),
          },
    ),
    { etcd_cluster_name: 'c' },
  );
}
const identities = (...as: readonly (number | undefined)[]) => identitiesOf(running(...as));
const identitiesOf = (surveyed: ReturnType<typeof running>) =>
  judgeCluster(answersFromFacts(surveyed))
    .filter(({ check }) => check === 'identity')
    .map(({ message }) => message);

describe('a process with the data of another member', () => {
  it('is nobody where each runs as its own', () => {
    expect(identities(1, 2, 3)).toEqual([]);
    expect(identities(1, undefined, 3)).toEqual([]);
  });

  it('is told by the ID that it answers with, whether the owner runs or not', () => {
    const said = `etcd03 runs as member ${LIST[1]!.id}, which is etcd02's (https://10.0.0.2:2380): it has the data of another member`;
    expect(identities(1, undefined, 2)).toEqual([said]);
    expect(identities(1, 2, 2)).toEqual([said]);
  });

  it('keeps a run from starting its owner beside it', () => {
    expect(membershipProblems(running(1, undefined, 2)).map(({ message }) => message)).toEqual([
      expect.stringContaining('it runs as member'),
    ]);
    expect(membershipProblems(running(1, 2, 3))).toEqual([]);
  });
});

/** Host lines of etcd01 and etcd02 the wrong way round: each process is the other's, with all that is its own. */
const SWAPPED = telling((at) => [2, 1, 3][at - 1]!, [2, 1, 3]);

describe('hosts that the inventory has the wrong way round', () => {
  it('are said to be that, and no copies', () => {
    expect(identitiesOf(SWAPPED)).toEqual([
      expect.stringMatching(
        /^etcd01 runs as member 2a, .* tells https:\/\/10\.0\.0\.2:2379 as its address: the inventory has hosts the wrong way round/,
      ),
      expect.stringMatching(/^etcd02 runs as member 1a, .* the wrong way round/),
    ]);
  });

  it('keep a run from setting anything aside', () => {
    expect(strayProblems(SWAPPED, false).map(({ hint }) => hint)).toEqual(
      ['etcd01', 'etcd02'].map(() => expect.stringContaining('says what to compare')),
    );
    expect(strayProblems(running(1, undefined, 2), false)).toEqual([]);
  });

  it('are not members that move up, one to where another one was', () => {
    const from = [listedMember(1, { peerUrls: ['https://10.0.0.2:2380'] }), LIST[2]!];
    expect(identitiesOf(telling(() => 2, [1], from))).toEqual([]);
  });
});
