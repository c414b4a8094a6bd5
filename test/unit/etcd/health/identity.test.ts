import { describe, expect, it } from 'vitest';
import { answersFromFacts } from '../../../../lib/etcd/health/ask.ts';
import { judgeCluster } from '../../../../lib/etcd/health/judge.ts';
import { membershipProblems } from '../../../../lib/etcd/survey/membership.ts';
import { listedMember, memberReading, memberStatus, surveyedOf } from '../../support/fake-cluster.ts';

const LIST = [1, 2, 3].map((i) => listedMember(i));
/** Three hosts, whose processes answer as these members of the list; undefined is none. */
function running(...as: readonly (number | undefined)[]) {
  return surveyedOf(
    as.map((i) =>
      i === undefined
        ? {}
        : {
            reading: memberReading({
              members: LIST,
              status: { ...memberStatus(i), memberId: LIST[i - 1]!.id },
            }),
          },
    ),
    { etcd_cluster_name: 'c' },
  );
}
const identities = (...as: readonly (number | undefined)[]) =>
  judgeCluster(answersFromFacts(running(...as)))
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
