import type { Recorded } from '../record/recorder.ts';
import { duration } from '../text.ts';
import { type Html, html } from './html.ts';
import type { Told } from './told.ts';

/** Units of the drawing's width. */
const WIDTH = 1000;
/** Narrower pieces are drawn as wide as this, and neighbours of one kind as one. */
const LEAST = 4;

interface Piece {
  readonly kind: string;
  readonly from: number;
  to: number;
  title: string;
  more: number;
}

/** What hosts did when: for each a drawing, all on one scale, from the begin of its run. */
export class Lanes {
  readonly #byHost = new Map<string, Recorded[]>();
  readonly #hosts: Told['hosts'];
  /** Milliseconds of the longest run. */
  readonly span: number;

  constructor({ events, hosts, runs }: Told) {
    this.#hosts = hosts;
    this.span = Math.max(
      1,
      ...runs.map(({ begun, ended, recap }) => Math.max(ended - begun, recap?.elapsedMs ?? 0)),
    );
    for (const event of events) {
      if (!isWork(event)) continue;
      const own = this.#byHost.get(event.host);
      if (own) own.push(event);
      else this.#byHost.set(event.host, [event]);
    }
  }

  /** Marks of the scale, for the head of the column. */
  get scale(): Html {
    const marks = [0, 0.25, 0.5, 0.75, 1].map(
      (part) => html`<span>${part === 0 ? '0' : duration(part * this.span)}</span>`,
    );
    return html`<span class=x>${marks}</span>`;
  }

  of(host: string): Html {
    const pieces = this.#pieces(host);
    const last = pieces.at(-1);
    const label = last ? `busy until ${duration(last.to)}` : 'nothing was done here';
    const drawn = pieces.map(({ kind, from, to, title, more }) => {
      const x = Math.min(WIDTH - LEAST, (from / this.span) * WIDTH);
      const width = Math.max(LEAST, ((to - from) / this.span) * WIDTH);
      const others = more > 0 ? ` and ${more} more` : '';
      return html`<rect class=${kind} x=${round(x)} width=${round(width)} height=10><title>${title}${others}: ${duration(to - from)}, until ${duration(to)}</title></rect>`;
    });
    return html`<svg viewBox="0 0 ${WIDTH} 10" preserveAspectRatio=none role=img aria-label="${label}">${drawn}</svg>`;
  }

  #pieces(host: string): readonly Piece[] {
    const begun = this.#hosts.get(host)?.run.begun ?? 0;
    const pieces: Piece[] = [];
    let before = 0;
    for (const event of this.#byHost.get(host) ?? []) {
      const to = Math.max(before, Date.parse(event.time) - begun);
      const kind = kindOf(event);
      const title = titleOf(event);
      if (pieces.length === 0) {
        // All until the first word is connecting and reading.
        pieces.push({ kind: 'wait', from: 0, to, title: 'connects and reads', more: 0 });
        before = to;
      }
      const last = pieces.at(-1);
      const isNarrow = ((to - before) / this.span) * WIDTH < LEAST;
      if (last?.kind === kind && isNarrow) {
        last.to = to;
        last.more += 1;
      } else if (!isNarrow || kind !== 'ok') pieces.push({ kind, from: before, to, title, more: 0 });
      before = to;
    }
    return pieces;
  }
}

type Work = Extract<Recorded, { event: 'task' | 'step' }>;

/** What takes time on a host, and is over. */
function isWork(event: Recorded): event is Work {
  return (
    event.event === 'task' ||
    (event.event === 'step' && (event.status === 'done' || event.status === 'failed'))
  );
}

function kindOf(event: Recorded): string {
  if (event.event === 'step') return event.status === 'failed' ? 'failed' : 'changed';
  return event.event === 'task' ? event.status : 'wait';
}

function titleOf(event: Recorded): string {
  if (event.event === 'step') return event.title;
  return event.event === 'task' ? `${event.role}: ${event.task}` : '';
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
