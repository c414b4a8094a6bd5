import { joinSh, type Sh, sh } from './sh.ts';

/**
 * A look at a path or an account. `stat`: its metadata alone; `text`: with its text (up to 64 KiB), which may be left
 * out if it is the one with the digest `unless`; `digest`: with its SHA-256; `above`: the nearest folder above it
 * that exists.
 */
export type Read = PathRead | AccountRead;

export type PathRead =
  | { readonly path: string; readonly how: 'stat' | 'digest' | 'above' }
  | { readonly path: string; readonly how: 'text'; readonly unless?: string };

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

/** Stands between the parts of what a probe prints: first each read in order, then the rest. */
export const PART = '==';

/** A probe of paths, and of what `rest` prints after them. */
export function probe(reads: readonly Read[], rest?: Sh): Probe {
  const parts = [...reads.map(lookAlone), ...(rest ? [rest] : [])];
  return { ...joinSh(parts, `\necho ${PART}\n`), reads, rest };
}

/** The parts of what a probe printed. */
export function partsOf(out: string): readonly string[] {
  return out.split(new RegExp(`^${PART}$`, 'm')).map((part) => part.replace(/^\n|\n$/g, ''));
}

function lookAlone(read: Read): Sh {
  if ('account' in read) return sh`q_account ${read.in} ${read.account}`;
  if (read.how === 'above') return sh`printf 'above '; q_above ${read.path}`;
  if (read.how === 'text') return sh`q_text ${read.path} ${read.unless ?? ''}`;
  return read.how === 'stat' ? sh`q_stat ${read.path}` : sh`q_digest ${read.path}`;
}
