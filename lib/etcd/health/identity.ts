import type { Member } from '../model/cluster.ts';
import type { Answer } from './answer.ts';

/** A process that answers as a member whose place is on another host. */
export interface StrayIdentity {
  /** Where it runs. */
  readonly host: string;
  /** Whose ID it has. */
  readonly owner: Member;
  readonly id: string;
  /**
   * It has settings of this host: it was given the data of the owner. Without that it may be the owner itself, on a host
   * that the inventory has under another's name, and nothing of it may make way.
   */
  readonly isCopy: boolean;
  /** What it is, after the name of its host. */
  readonly said: string;
}

/**
 * Members that run as another one of the inventory: by the list, their ID belongs to the address of that one. A member
 * that moves is listed where nobody else is, or where its successor is to come, and is none of these.
 */
export function strayIdentities(answers: readonly Answer[]): readonly StrayIdentity[] {
  const any = answers.find(({ reading }) => reading?.members)?.reading?.members;
  return answers.flatMap(({ member, reading }) => {
    const id = reading?.status?.memberId;
    const entry = (reading?.members ?? any)?.find((one) => one.id === id);
    const urls = entry?.peerUrls ?? [];
    const owner = answers.find((one) => urls.includes(one.member.peerUrl))?.member;
    if (id === undefined || owner === undefined || urls.includes(member.peerUrl)) return [];
    // Not by the list: a copy has overwritten there what its owner told.
    const told = reading?.clientUrl;
    if (told === owner.clientUrl && entry?.name === member.name) return [];
    const isCopy = told === member.clientUrl;
    const what = isCopy
      ? ': it has the data of another member'
      : `, and ${told === undefined ? 'does not tell' : `tells ${told} as`} its address: the inventory has hosts the wrong way round, or this one has settings of another`;
    const said = `runs as member ${id}, which is ${owner.host}'s (${owner.peerUrl})${what}`;
    return [{ host: member.host, owner, id, isCopy, said }];
  });
}
