import type { Colors } from '../colors.ts';
import { foldHosts } from '../hosts.ts';
import { count, displayWidth, duration, escapeControls, pad, truncate } from '../text.ts';
import type { HostState, HostStates } from './host-states.ts';

export interface FrameOptions {
  readonly columns: number;
  readonly rows: number;
  readonly now: number;
  /** The spinner's sign of the moment. */
  readonly spinner: string;
  readonly check: boolean;
  readonly colors: Colors;
}

/** Wider lines are hard to follow from the name to the figures. */
const WIDEST = 88;
/** A step that takes longer is shown with its time, ms. */
const LONG = 3000;

/**
 * The live part of the screen: a line a host, or, when they are more than fit, a line for all hosts at the
 * same step; below it the totals. Never higher than the terminal less the cursor's own line, never wider.
 */
export function frame(states: HostStates, options: FrameOptions): string[] {
  const { columns, colors } = options;
  const { hosts } = states;
  const width = Math.max(1, Math.min(columns - 1, WIDEST));
  const room = options.rows - 1;
  const totals = colors.dim(truncate(totalsLine(states, options), width));
  if (room < 5) return [totals].slice(0, Math.max(0, room));
  const lines = hosts.length <= room - 3 ? hosts.map((host) => [host]) : groups(states, room - 3);
  const rows = lines.map((group) => cells(group, options));
  const labelWidth = Math.min(Math.floor(width / 3), widest(rows.map(({ label }) => label)));
  const textWidth = Math.min(Math.floor(width / 2), widest(rows.map(({ text }) => text)));
  return ['', ...rows.map((row) => layOut(row, labelWidth, textWidth, width, options)), '', totals];
}

/** Hosts by state and step: failed first, then steps in the order hosts go through them, then the resting. */
function groups(states: HostStates, room: number): HostState[][] {
  const order: readonly HostState['state'][] = ['failed', 'busy', 'done', 'waiting'];
  const byStep = new Map<string, HostState[]>();
  for (const host of states.hosts) {
    const key = `${host.state} ${host.step}`;
    const group = byStep.get(key);
    if (group) group.push(host);
    else byStep.set(key, [host]);
  }
  const place = ([host]: HostState[]) =>
    host ? order.indexOf(host.state) * 1e6 + states.rank(host.step) : 0;
  const sorted = [...byStep.values()].sort((a, b) => place(a) - place(b));
  if (sorted.length <= room) return sorted;
  // Too many steps even so: the last of them share a line.
  return [...sorted.slice(0, room - 1), sorted.slice(room - 1).flat()];
}

interface Row {
  readonly icon: string;
  /** A host's name, or how many hosts. */
  readonly label: string;
  readonly text: string;
  readonly state: HostState['state'];
  /** Beside the text: which hosts. */
  readonly names: string;
  /** At the right edge. */
  readonly figures: string;
}

function cells(group: readonly HostState[], options: FrameOptions): Row {
  const [first] = group as readonly [HostState, ...HostState[]];
  const alone = group.length === 1;
  const names = escapeControls(foldHosts(group.map(({ name }) => name)));
  const mixed = group.some(({ step, state }) => step !== first.step || state !== first.state);
  const time = first.state === 'busy' && !mixed ? elapsed(group, options.now) : '';
  return {
    icon: mixed ? options.colors.cyan(options.spinner) : iconOf(first, options),
    label: alone ? names : count(group.length, 'host'),
    text: mixed ? 'at other steps' : wording(first, alone),
    state: first.state,
    names: alone ? '' : names,
    figures: [time, alone ? figuresOf(first, options) : ''].filter(Boolean).join(' · '),
  };
}

function layOut(
  row: Row,
  labelWidth: number,
  textWidth: number,
  width: number,
  { colors }: FrameOptions,
): string {
  const label = pad(truncate(row.label, labelWidth), labelWidth);
  const figures = row.figures === '' ? 0 : displayWidth(row.figures) + 2;
  const room = width - labelWidth - 4 - figures;
  if (room < 4) return `${row.icon} ${label}`.trimEnd();
  const text = truncate(row.text, row.names ? Math.min(room, textWidth) : room);
  const aside = row.names && room - textWidth > 8 ? truncate(row.names, room - textWidth - 2) : '';
  const filled = pad(text, aside ? textWidth : 0);
  const body =
    row.state === 'failed' ? colors.red(filled) : row.state === 'busy' ? filled : colors.dim(filled);
  const used = displayWidth(filled) + (aside ? displayWidth(aside) + 2 : 0);
  const right = figures > 0 ? `${' '.repeat(room - used + 2)}${row.figures}` : '';
  return `${row.icon} ${label}  ${body}${colors.dim(`${aside ? `  ${aside}` : ''}${right}`)}`.trimEnd();
}

/** Time of the host that has been longest at the step, once it is long. */
function elapsed(group: readonly HostState[], now: number): string {
  const time = now - Math.min(...group.map(({ since }) => since));
  return time < LONG ? '' : seconds(time);
}

function wording(host: HostState, alone: boolean): string {
  if (host.state === 'done') return 'done';
  if (host.state === 'waiting') return 'waiting';
  return alone ? host.doing : host.step;
}

function iconOf({ state }: HostState, { colors, spinner }: FrameOptions): string {
  if (state === 'busy') return colors.cyan(spinner);
  if (state === 'done') return colors.green('✔');
  return state === 'failed' ? colors.red('✗') : colors.dim('·');
}

function figuresOf(
  { ok, changed }: { readonly ok: number; readonly changed: number },
  options: FrameOptions,
): string {
  if (changed > 0) return `${changed} ${options.check ? 'to change' : 'changed'}`;
  return ok > 0 ? `${ok} ok` : '';
}

function totalsLine({ hosts, started }: HostStates, options: FrameOptions): string {
  const sum = (state: HostState['state']) => hosts.filter((host) => host.state === state).length;
  const parts = (['busy', 'done', 'failed', 'waiting'] as const)
    .map((state) => [sum(state), state] as const)
    .filter(([number]) => number > 0)
    .map(([number, state]) => `${number} ${state}`);
  const total = (key: 'ok' | 'changed') => hosts.reduce((all, host) => all + host[key], 0);
  const figures = figuresOf({ ok: total('ok'), changed: total('changed') }, options);
  return [`${count(hosts.length, 'host')}: ${parts.join(', ')}`, figures, seconds(options.now - started)]
    .filter(Boolean)
    .join(' · ');
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(displayWidth));
}

/** Whole seconds: a figure that changes ten times a second is restless. */
function seconds(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return whole < 60 ? `${whole} s` : duration(whole * 1000);
}
