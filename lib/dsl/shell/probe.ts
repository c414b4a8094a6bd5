import { joinSh, type Sh, sh } from './sh.ts';

/**
 * A look at a path or an account. `stat`: its metadata alone; `text`: with its text of at most `most` bytes (64 KiB unless
 * said), which may be left out if it is the one with the digest `unless`; `digest`: with its SHA-256; `above`: the nearest folder above it
 * that exists.
 */
export type Read = PathRead | AccountRead;

export type PathRead =
  | { readonly path: string; readonly how: 'stat' | 'digest' | 'above' }
  | { readonly path: string; readonly how: 'text'; readonly unless?: string; readonly most?: number };

export interface AccountRead {
  readonly account: string;
  readonly in: 'passwd' | 'group';
}

/**
 * Read-only shell that may begin with looks at paths. Said as data, the looks of all tasks of a host
 * become a handful of processes instead of three a file; run alone, the text does the same.
 */
export interface Probe extends Sh {
  readonly reads: readonly Read[];
  /** What the probe does besides. */
  readonly rest: Sh | undefined;
}

/** Bytes above which a text is not read: it is larger than any that is wanted as text. */
export const MAX_TEXT = 65536;

/** The same for a file that others write, and of which only a part is ours: `php.ini` has 70 KiB. */
export const MAX_EDITED = 1024 * 1024;

/**
 * Begins each line that stands between parts of what was printed. The runner makes it of the marks that `q_part`
 * prints, which carry the nonce of the exchange, and keeps it out of all else: no file, journal or name forges one.
 */
export const MARK = '\u001e';

/** A probe of paths, and of what `rest` prints after them. */
export function probe(reads: readonly Read[], rest?: Sh): Probe {
  const parts = [...reads.map(lookAlone), ...(rest ? [rest] : [])];
  return { ...joinSh(parts, '\nq_part\n'), reads, rest };
}

/** The parts of what a probe printed. */
export function partsOf(out: string): readonly string[] {
  return out.split(new RegExp(`^${MARK}$`, 'm')).map((part) => part.replace(/^\n|\n$/g, ''));
}

/** What was printed after each `q_part NAME`, and as `''` what came before the first. A later part of a name counts. */
export function namedParts(out: string): ReadonlyMap<string, string> {
  const [head = '', ...parts] = out.split(new RegExp(`^${MARK}(?=[a-z])`, 'm'));
  const named = parts.map((part) => {
    const [name = ''] = part.split('\n', 1);
    return [name, part.slice(name.length + 1)] as const;
  });
  return new Map([['', head], ...named]);
}

function lookAlone(read: Read): Sh {
  if ('account' in read) return sh`q_account ${read.in} ${read.account}`;
  if (read.how === 'above') return sh`printf 'above '; q_above ${read.path}`;
  if (read.how === 'text') return sh`q_text ${read.path} ${read.unless ?? ''} ${read.most ?? MAX_TEXT}`;
  return read.how === 'stat' ? sh`q_stat ${read.path}` : sh`q_digest ${read.path}`;
}
