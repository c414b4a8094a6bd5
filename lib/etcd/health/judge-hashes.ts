import {
  type Answer,
  checkOf,
  describe,
  type Finding,
  groupHosts,
  oddHosts,
  unansweredSaid,
} from './answer.ts';

/**
 * A healthy member whose data cannot be compared with the others' may have any: that is not health. Of large data see
 * `isUnhashed`.
 */
export function unknownHashes(answers: readonly Answer[]): Finding[] {
  const healthy = answers.filter((answer) => answer.reading?.healthy && !isUnhashed(answer));
  const states = groupHosts(healthy, hashState);
  const findings = healthy
    .filter(({ reading }) => !reading?.hash)
    .map(({ member: { host }, reading }): Finding => {
      const why = reading?.unanswered?.find(({ question }) => question === 'endpoint hashkv');
      if (why?.kind === 'unknown') return { check: checkOf(why), host, message: unansweredSaid(host, why) };
      const said = why?.said ? `: ${why.said}` : '';
      return { check: 'hash-unknown', host, message: `${host}: no hash of its data (hashkv)${said}` };
    });
  if (states.size <= 1) return findings;
  const message = `data cannot be compared (hashkv), members hash it in different states: ${describe(states)}`;
  return [...findings, { check: 'hash-unknown', message }];
}

/** Only hashes at one revision and one compaction can be compared. */
export function equalHashes(answers: readonly Answer[]): Finding[] {
  return [...groupHosts(answers, hashState).keys()].flatMap((state): Finding[] => {
    const same = answers.filter((answer) => hashState(answer) === state);
    const hashes = groupHosts(same, ({ reading }) => String(reading?.hash?.hash));
    if (hashes.size <= 1) return [];
    return [{ check: 'hash', message: `data differs at one revision (hashkv): ${describe(hashes)}` }];
  });
}

/** Hosts whose member has other data than the majority, or that an alarm says so of. */
export function corruptHosts(answers: readonly Answer[]): readonly string[] {
  const accused = answers.flatMap(({ reading }) =>
    (reading?.alarms ?? []).flatMap(({ alarm, memberId }) => (alarm === 'CORRUPT' ? [memberId] : [])),
  );
  const differ = hashesCompare(answers)
    ? oddHosts(answers, ({ reading }) => reading?.hash && String(reading.hash.hash))
    : [];
  return answers
    .filter(({ reading }) => accused.includes(reading?.status?.memberId ?? ''))
    .map(({ member }) => member.host)
    .concat(differ);
}

function hashState({ reading }: Answer): string | undefined {
  return reading?.hash && `revision ${reading.hash.revision}, compacted ${reading.hash.compacted}`;
}

/** The hashes of all healthy members are there and of one state: it need not be asked again. */
export function hashesCompare(answers: readonly Answer[]): boolean {
  return unknownHashes(answers).length === 0 && !answers.some(isUnhashed);
}

/** Its data is large, and nobody wanted to know yet whether it is that of the others. */
export function isUnhashed({ reading }: Answer): boolean {
  return reading?.unhashed !== undefined;
}

/** The latest revision that every member with a hash, or with large data, has: they can be asked for the hash at this one. */
export function commonRevision(answers: readonly Answer[]): number | undefined {
  const revisions = answers.flatMap(
    (answer) =>
      answer.reading?.hash?.revision ?? (isUnhashed(answer) ? (answer.reading?.status?.revision ?? []) : []),
  );
  return revisions.length > 0 ? Math.min(...revisions) : undefined;
}
