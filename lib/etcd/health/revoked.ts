import { commandLine } from '../../command-line.ts';
import { lifeOfList } from '../../pki/index.ts';
import type { EtcdFacts } from '../facts/index.ts';

/** A member that still lets in whose certificate was revoked. */
export interface LetsIn {
  readonly host: string;
  readonly message: string;
  /** What goes on. */
  readonly hint: string;
  readonly check: 'certificate';
}

/**
 * Members that run without one of these lists of revoked certificates, or with an older one than the latest of them, by
 * when they were signed (`bornOf`, in milliseconds). `lists` are those that count: see `listsThatCount`; anybody may have
 * written another one. A list of the user's own is theirs to look after.
 */
export function letsInRevoked(
  hosts: readonly {
    readonly target: { readonly name: string; readonly facts: Pick<EtcdFacts, 'kept' | 'reading'> };
  }[],
  lists: readonly Buffer[],
  bornOf: (list: Buffer) => number = signedAt,
): readonly LetsIn[] {
  const newest = Math.max(...lists.map(bornOf));
  return hosts.flatMap(({ target: { name, facts } }) => {
    const { reading, kept } = facts;
    if (reading === undefined || lists.length === 0) return [];
    const looks = kept.crl !== undefined && reading.checksList === true;
    if (looks && kept.crl !== undefined && bornOf(kept.crl) >= newest) return [];
    const what = looks ? 'has an older list of' : 'does not look at the list of';
    return [
      {
        check: 'certificate',
        host: name,
        message: `${name} ${what} revoked certificates: whose certificate was revoked is still let in there`,
        hint: `${commandLine('site')} goes on with it; ${commandLine('certs')} --revoke NAME does so for one client`,
      },
    ];
  });
}

function signedAt(list: Buffer): number {
  return lifeOfList(list)?.from?.getTime() ?? 0;
}
