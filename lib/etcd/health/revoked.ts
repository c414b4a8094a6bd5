import { commandLine } from '../../command-line.ts';
import type { EtcdFacts } from '../facts/index.ts';

/** Bytes by which the same list differs when it is signed anew; one certificate more takes more. */
const RESIGNED = 16;

/** A member that still lets in whose certificate was revoked. */
export interface LetsIn {
  readonly host: string;
  readonly message: string;
  /** What goes on. */
  readonly hint: string;
  readonly check: 'certificate';
}

/**
 * Members that run without the list of revoked certificates that other hosts have, or `own`, that of control; or with one
 * that lacks some: a list only grows. A list of the user's own, elsewhere, is theirs to look after.
 */
export function letsInRevoked(
  hosts: readonly {
    readonly target: { readonly name: string; readonly facts: Pick<EtcdFacts, 'kept' | 'reading'> };
  }[],
  own?: Buffer,
): readonly LetsIn[] {
  const lists = [...(own ? [own] : []), ...hosts.flatMap(({ target }) => target.facts.kept.crl ?? [])];
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return hosts.flatMap(({ target: { name, facts } }) => {
    const { reading, kept } = facts;
    if (reading === undefined || longest === 0) return [];
    const lacks = kept.crl === undefined || kept.crl.length + RESIGNED < longest;
    if (!lacks && reading.checksList) return [];
    const what = reading.checksList ? 'lacks some of the' : 'does not look at the list of';
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
