import { SECRET } from '../../dsl/path.ts';
import { redact, Secret } from '../../dsl/secret.ts';
import { MARK, partsOf, type Read } from '../../dsl/shell/probe.ts';
import type { Change, Reading } from '../../dsl/task.ts';
import { isPrivate, MASK } from '../../secret-names.ts';
import { maskText } from '../../secret-texts.ts';
import { canonical } from '../plan-file/canonical.ts';

/** Lines of a reading, and signs of a text, that are shown. */
const LINES = 40;
const SIGNS = 400;

/** What a probe printed, for people: texts are counted and not shown, digests of what holds a secret are masked. */
export function readLines(
  { code, out }: Reading,
  changes: readonly Change[],
  wish: unknown,
  reads: readonly Read[] = [],
): readonly string[] {
  const isSecret =
    canonical(wish).hasSecret || changes.some(({ before, after }) => [before, after].includes(SECRET));
  const lines = partsOf(out).flatMap((part, i) => linesOf(part, reads[i]));
  const shown: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line === 'text') {
      let bytes = 0;
      for (; /^[A-Za-z0-9+/=]+$/.test(lines[i + 1] ?? ''); i++)
        bytes += Buffer.from(lines[i + 1] as string, 'base64').length;
      shown.push(`a text of ${bytes} bytes`);
    } else shown.push(maskText(redact(isSecret ? masked(spelled(line)) : spelled(line))));
  }
  const more = shown.length - LINES;
  return [
    ...(shown.length === 0 ? ['nothing'] : shown.slice(0, LINES)),
    ...(more > 0 ? [`… ${more} more lines`] : []),
    ...(code === 0 ? [] : [`exit status ${code}`]),
  ];
}

/** Without the marks between parts; of a look at a path or an account that found nothing, that there is none. */
function linesOf(part: string, read: Read | undefined): readonly string[] {
  if (read !== undefined && 'how' in read && read.how === 'above') return [];
  if (read !== undefined && part.trim() === '')
    return ['account' in read ? `no ${read.in} ${read.account}` : `absent: ${read.path}`];
  return part
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (line.startsWith(MARK) ? `${line.slice(MARK.length)}:` : line));
}

/** For a path: `regular file, 0644, root:root, 12 bytes: /etc/motd`. */
function spelled(line: string): string {
  const [, type, mode = '', owner, group, size, path] =
    /^stat ([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|(?:\d+\|\d+\|)?(.*)$/.exec(line) ?? [];
  if (type === undefined) return line;
  return `${type}, ${mode.padStart(4, '0')}, ${owner}:${group}, ${size} bytes${path ? `: ${path}` : ''}`;
}

function masked(line: string): string {
  return line.replaceAll(/\b[0-9a-f]{32,}\b|\$[0-9a-z]+\$\S+/gi, MASK);
}

/** A wish as plain data: secrets masked, long texts cut, what is not data left out. */
export function wantedData(wish: unknown, name = '', depth = 0): unknown {
  if (wish instanceof Secret) return MASK;
  if (typeof wish === 'string') {
    if (isPrivate(name)) return MASK;
    const text = maskText(redact(wish));
    return text.length > SIGNS ? `${text.slice(0, SIGNS)}… (${text.length} signs)` : text;
  }
  if (typeof wish === 'function' || typeof wish === 'symbol') return undefined;
  if (typeof wish !== 'object' || wish === null) return wish;
  if (depth > 6) return '…';
  if (wish instanceof Uint8Array) return `${wish.length} bytes`;
  if (Array.isArray(wish) || wish instanceof Set)
    return [...wish].map((one) => wantedData(one, name, depth + 1));
  const entries: [string, unknown][] = wish instanceof Map ? [...wish] : Object.entries(wish);
  return Object.fromEntries(entries.map(([key, one]) => [key, wantedData(one, key, depth + 1)]));
}
