import { readFile } from 'node:fs/promises';
import { EXIT, QuorateError } from '../../errors.ts';
import { BACKDATE } from '../life.ts';
import { covers, listOf, parseList, type RevocationList } from './crl.ts';
import { lifeOfList } from './crl-life.ts';
import { signersUnder } from './signers.ts';

/** What a list that came from a CA elsewhere is held against. */
export interface ListGround {
  /** The folder of the PKI. */
  readonly dir: string;
  /** The CAs that clients are verified by, PEM. */
  readonly trusted: string;
  /** The one on control, DER: it was looked at when it came. */
  readonly own: Buffer | undefined;
  /** Lists that members look at now, DER. */
  readonly inPlace: readonly Buffer[];
}

/** Bytes. Every look at a host carries its list, and an answer has an end; etcd reads it for each connection besides. */
export const MAX_LIST = 8 * 1024 ** 2;

/**
 * Reads a list of revoked certificates that a CA elsewhere has signed, DER or PEM, which may have certificates of CAs
 * beside it. It must be whole, be signed by a CA that clients are verified by, or by one below, hold now, and be no older
 * than one that is in place, nor larger than `MAX_LIST`: throws 5 for another one, 1 for a file that has none.
 */
export async function readArrivedList(path: string, ground: ListGround): Promise<RevocationList> {
  const { der, text } = await listIn(path);
  if (der.length > MAX_LIST) {
    const mebi = (bytes: number) => Math.ceil(bytes / 1024 ** 2);
    throw new QuorateError(
      `${path} was not taken: it has ${mebi(der.length)} MiB, and may have ${mebi(MAX_LIST)}: it is read for each connection`,
      { exitCode: EXIT.untrusted, hint: 'a CA that signs for these clients alone has a short list' },
    );
  }
  const arrived = await parseList(der);
  if (arrived === undefined) throw noList(path);
  if (ground.own?.equals(der)) return arrived;
  const cas = await signersUnder(ground.dir, ground.trusted, text);
  const problem =
    (arrived.isDelta ? 'it has the changes since another list alone' : undefined) ??
    ((await listOf(der, cas)) === undefined
      ? `no CA that clients are verified by has signed it (its issuer is ${arrived.issuer})`
      : undefined) ??
    lifeProblem(der, new Date()) ??
    (await olderThan(arrived, ground.inPlace, cas));
  if (problem === undefined) return arrived;
  throw new QuorateError(`${path} was not taken: ${problem}`, {
    exitCode: EXIT.untrusted,
    hint: 'it takes the whole, latest list of the CA that signs for clients; of one between that CA and the root, the file has its certificate as well',
  });
}

async function listIn(path: string): Promise<{ readonly der: Buffer; readonly text: string }> {
  const content = await readFile(path).catch((error: unknown) => {
    throw new QuorateError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`, {
      exitCode: EXIT.usage,
    });
  });
  const text = content.toString('latin1');
  if (!text.includes('-----BEGIN ')) return { der: content, text: '' };
  const blocks = [...text.matchAll(/-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/g)];
  const [[, base64 = ''] = []] = blocks;
  if (blocks.length !== 1) throw noList(path, blocks.length);
  return { der: Buffer.from(base64, 'base64'), text };
}

function lifeProblem(der: Buffer, now: Date): string | undefined {
  const { from, until } = lifeOfList(der) ?? {};
  if (from !== undefined && from.getTime() > now.getTime() + BACKDATE)
    return `it holds from ${from.toISOString()} only: is the clock right?`;
  return until !== undefined && until <= now ? `it ended ${until.toISOString()}` : undefined;
}

/** One of a CA that is trusted no more says nothing of its clients. */
async function olderThan(
  arrived: RevocationList,
  inPlace: readonly Buffer[],
  cas: readonly string[],
): Promise<string | undefined> {
  for (const der of inPlace) {
    const other = await listOf(der, cas);
    if (other === undefined || covers(arrived, other)) continue;
    if (other.issuer !== arrived.issuer)
      return `members look at one list alone, and the one in place is of ${other.issuer}, with certificates that this one of ${arrived.issuer} lacks`;
    const numbers = [arrived, other].map(({ number }) => number);
    return numbers.includes(undefined)
      ? 'it lacks certificates that are on the one in place, and says by no number that it is later'
      : `it is number ${numbers[0]}, older than the one in place, which is number ${numbers[1]}`;
  }
  return undefined;
}

function noList(path: string, count = 0): QuorateError {
  return new QuorateError(
    count > 1
      ? `${path} has ${count} lists, and members look at one alone`
      : `${path} is not a list of revoked certificates`,
    { exitCode: EXIT.usage, hint: 'it takes a CRL in DER or PEM: openssl ca -gencrl -out FILE makes one' },
  );
}
