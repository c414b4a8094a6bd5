import type { Member } from '../model/cluster.ts';
import type { Answer } from './answer.ts';

/** A process that answers as a member whose place is on another host. */
export interface StrayIdentity {
  /** Where it runs. */
  readonly host: string;
  /** Whose ID it has. */
  readonly owner: Member;
  readonly id: string;
}

/**
 * Members that run with the data of another one of the inventory: by the list, their ID belongs to the address of that
 * one. A member that moves is listed where nobody else is, and is none of these.
 */
export function strayIdentities(answers: readonly Answer[]): readonly StrayIdentity[] {
  const any = answers.find(({ reading }) => reading?.members)?.reading?.members;
  return answers.flatMap(({ member, reading }) => {
    const id = reading?.status?.memberId;
    const urls = (reading?.members ?? any)?.find((one) => one.id === id)?.peerUrls ?? [];
    const owner = answers.find((one) => urls.includes(one.member.peerUrl))?.member;
    if (id === undefined || owner === undefined || urls.includes(member.peerUrl)) return [];
    return [{ host: member.host, owner, id }];
  });
}
