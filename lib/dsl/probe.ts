import { joinSh, type Sh, sh } from './sh.ts';

/** A look at one path: its metadata alone, with its text (up to 64 KiB), or with its SHA-256. */
export interface Read {
  readonly path: string;
  readonly how: 'stat' | 'text' | 'digest';
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

/** Bytes above which a text is not read: a digest stands for it, or what matches nothing. */
export const MAX_TEXT = 65536;

/** Stands between the parts of what a probe prints: first each read in order, then the rest. */
export const PART = '==';

/** A probe of paths, and of what `rest` prints after them. */
export function probe(reads: readonly Read[], rest?: Sh): Probe {
  const parts = [...reads.map(({ path, how }) => sh`${LOOKS[how]} ${path}`), ...(rest ? [rest] : [])];
  return { ...joinSh(parts, `\necho ${PART}\n`), reads, rest };
}

/** The parts of what a probe printed. */
export function partsOf(out: string): readonly string[] {
  return out.split(new RegExp(`^${PART}$`, 'm')).map((part) => part.replace(/^\n|\n$/g, ''));
}

const LOOKS = { stat: { text: 'q_stat' }, text: { text: 'q_text' }, digest: { text: 'q_digest' } } as const;
