import { hostPort } from '../../model/cluster.ts';
import type { CauseId } from './causes/index.ts';
import type { Evidence } from './evidence.ts';
import type { JournalFinding } from './journal.ts';
import { type LogLine, spoken } from './log-line.ts';

/** Whom a line is about, where it names another end than the one that wrote it. */
export interface Remote {
  readonly host?: string;
  /** Where knowing the other end makes another cause of it. */
  readonly cause?: CauseId;
  /** What is worth saying of an end that is not a member's. */
  readonly said?: string;
}

/** What is about the other end of a connection. */
const OF_OTHER_END: readonly CauseId[] = [
  'filtered',
  'refused',
  'no-route',
  'san',
  'expired',
  'wrong-ca',
  'name-constraints',
  'key-usage',
  'no-client-certificate',
  'rejected',
  'clock',
];

/**
 * The member at the other end of a line: by the endpoint that was dialled, by the address that is missing in a
 * certificate, or by where a refused connection came from. Somebody who comes from an address of a member that is
 * not the one in the inventory is that member all the same; anybody else is a client.
 */
export function remoteOf(
  { cause, line }: JournalFinding,
  all: readonly Evidence[],
  writer: Evidence,
): Remote {
  if (!OF_OTHER_END.includes(cause)) return {};
  const words = line.text;
  const missing = cause === 'san' ? /, not ([^\s",\\]+)/.exec(words)?.[1] : undefined;
  const dialled = unique(
    all.filter(({ member: { address, peerAddress, clientPort, peerPort } }) =>
      missing === undefined
        ? names(words, hostPort(address, clientPort)) || names(words, hostPort(peerAddress, peerPort))
        : missing === address || missing === peerAddress,
    ),
  );
  if (dialled !== undefined) return { host: dialled };
  const comes = addressOf(line);
  if (comes === undefined) return {};
  const known = unique(
    all.filter(({ member: { address, peerAddress }, facts }) =>
      [address, peerAddress, facts.resolved, facts.resolvedPeer].includes(comes),
    ),
  );
  // What it says of our certificate is about us.
  if (known !== undefined) return cause === 'rejected' ? {} : { host: known };
  const owner = unique(
    all.filter(
      ({ addresses, routes }) => addresses.includes(comes) || routes.some(({ source }) => source === comes),
    ),
  );
  if (owner !== undefined && owner !== writer.member.host) {
    const said = `${comes} is another address of ${owner}`;
    return cause === 'san' ? { host: owner, cause: 'source-address', said } : { host: owner, said };
  }
  const carrier =
    cause === 'san'
      ? unique(all.filter(({ member }) => validFor(words).includes(member.peerAddress)))
      : undefined;
  if (carrier !== undefined) {
    return { host: carrier, cause: 'source-address', said: `${comes} is not its address here` };
  }
  return { said: `${comes} is not a member's address` };
}

function unique(some: readonly Evidence[]): string | undefined {
  return some.length === 1 ? some[0]?.member.host : undefined;
}

/** Where a connection came from: a field of its own, or `from "10.0.0.1:1234"`. */
function addressOf(line: LogLine): string | undefined {
  const field = line.fields['remote-addr'];
  const text = typeof field === 'string' ? field : /from "([^"]+)"/.exec(spoken(line))?.[1];
  return text?.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '');
}

/** `certificate is valid for 10.0.0.1, 127.0.0.1, not 10.0.0.3` */
function validFor(words: string): readonly string[] {
  return /certificate is valid for (.*), not /.exec(words)?.[1]?.split(', ') ?? [];
}

/** `10.0.0.1:2380` is not named by `110.0.0.1:23801`. */
function names(line: string, endpoint: string): boolean {
  const at = line.indexOf(endpoint);
  return at >= 0 && !/[\w.]/.test(line[at - 1] ?? '') && !/\d/.test(line[at + endpoint.length] ?? '');
}
