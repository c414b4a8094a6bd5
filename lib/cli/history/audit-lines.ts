import type { Vars } from '../../dsl/role.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';

/** What a run has left on a host that it changed. */
export interface AuditLine {
  readonly time: string;
  readonly runId: string;
  readonly who: string;
  readonly from: string;
  readonly command: string;
  readonly message?: string;
  /** The exit code; null of a run that ended without a word. */
  readonly outcome: number | null;
}

export interface AuditLines {
  readonly lines: readonly AuditLine[];
  readonly damaged: number;
  /** Only the end of some file was read. */
  readonly cut: boolean;
  /** Files that may not be read. */
  readonly denied: readonly string[];
}

/** Bytes of a file that are read: its end. */
const LAST = 400_000;
/** Milliseconds by which a host's clock may be ahead. */
const AHEAD = 24 * 60 * 60 * 1000;
/** Characters of a field that are kept: a line may be anybody's. */
const LONG = 2000;

/** Prints the lines of all plays and clusters that a host keeps; on this machine also of those beside the inventory. */
export function readAudit(host: string, vars: Vars): Sh {
  const beside = `${String(vars.inventory_dir)}/.quorate`;
  const local = vars.ansible_connection === 'local';
  const others = local ? sh`${beside}/*/${host}/audit.jsonl ${beside}/*/${host}/state/audit.jsonl` : sh``;
  return sh`q_all=/var/lib/quorate
if [ -d "$q_all" ] && ! { [ -r "$q_all" ] && [ -x "$q_all" ]; }; then echo "denied $q_all"; fi
for q_file in "$q_all"/*/audit.jsonl ${others}; do
  if [ ! -f "$q_file" ]; then continue; fi
  if [ ! -r "$q_file" ]; then echo "denied $q_file"; continue; fi
  if [ "$(wc -c <"$q_file")" -gt ${String(LAST)} ]; then echo cut; fi
  tail -c ${String(LAST)} "$q_file" | tr -d '\000' | sed 's/^/= /'
  echo
done`;
}

/** What was printed, as lines. A line that is none of ours is counted, and nothing of it is kept. */
export function parseAudit(out: string): AuditLines {
  const lines: AuditLine[] = [];
  const denied: string[] = [];
  let damaged = 0;
  let isCut = false;
  let cut = false;
  for (const printed of out.split('\n')) {
    if (printed.startsWith('denied ')) denied.push(printed.slice('denied '.length));
    const wasCut = isCut;
    isCut = printed === 'cut';
    cut ||= isCut;
    if (!printed.startsWith('= ') || printed.trim() === '=') continue;
    const line = parseLine(printed.slice(2));
    if (line) lines.push(line);
    // Where only the end of a file is read, its first line is a part of one.
    else if (!wasCut) damaged += 1;
  }
  return { lines, damaged, cut, denied };
}

function parseLine(text: string): AuditLine | undefined {
  try {
    const found = JSON.parse(text) as Record<string, unknown>;
    const texts = [found.time, found.runId, found.who, found.from, found.command];
    const [time = '', runId = '', who = '', from = '', command = ''] = texts.map((one) =>
      typeof one === 'string' ? one.slice(0, LONG) : undefined,
    );
    const { outcome, message } = found;
    const isOurs =
      texts.every((one) => typeof one === 'string') &&
      // Nothing has run in the future: such a line would stand before all others.
      Date.parse(time) <= Date.now() + AHEAD &&
      /^[\w-]{1,80}$/.test(runId) &&
      (outcome === null || Number.isInteger(outcome));
    if (!isOurs) return undefined;
    const began = new Date(time).toISOString();
    const why = typeof message === 'string' ? { message: message.slice(0, LONG) } : {};
    return { time: began, runId, who, from, command, outcome: outcome as number | null, ...why };
  } catch {
    return undefined;
  }
}
