import { redact } from '../../dsl/secret.ts';
import type { Settings } from '../settings.ts';
import { escapeControls } from '../text.ts';
import { frame } from './frame.ts';
import type { HostStates } from './host-states.ts';
import { Screen } from './screen.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** The part of the screen that is redrawn while a run goes on. */
export interface Live {
  start(): void;
  /** Prints lines that stay, above the live part. */
  print(lines: readonly string[]): void;
  /** Leaves the terminal to `work`, and comes back. */
  suspend<T>(work: () => Promise<T>): Promise<T>;
  /** Takes the live part off the screen for good. */
  stop(): Promise<void>;
}

/** A run that is over sooner shows no live part, and does not load listr2, ms. */
const PATIENCE = 150;
/** Time between two frames, ms. */
const PACE = 100;

/** The live view on a terminal that can redraw; elsewhere lines are printed and nothing is live. */
export function createLive(settings: Settings, states: HostStates): Live {
  const { stdout, env } = settings;
  return stdout.isTTY && env.TERM !== 'dumb' ? new LiveView(settings, states) : still(settings);
}

function still({ stdout }: Settings): Live {
  return {
    start() {},
    print: (lines) => stdout.write(lines.map((line) => `${line}\n`).join('')),
    suspend: (work) => work(),
    async stop() {},
  };
}

class LiveView implements Live {
  readonly #settings: Settings;
  readonly #states: HostStates;
  readonly #screen: Screen;
  /** Lines that stay and wait for the next frame. */
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #opening: Promise<Terminal> | undefined;
  #terminal: Terminal | undefined;
  #suspended = false;

  constructor(settings: Settings, states: HostStates) {
    this.#settings = settings;
    this.#states = states;
    this.#screen = new Screen(settings.stdout.stream);
  }

  start(): void {
    this.#timer ??= setTimeout(() => void this.#open(), PATIENCE).unref();
  }

  print(lines: readonly string[]): void {
    this.#lines.push(...lines);
    if (!this.#terminal && !this.#suspended) this.#flush();
  }

  async suspend<T>(work: () => Promise<T>): Promise<T> {
    await this.#opening;
    this.#draw([]);
    this.#suspended = true;
    this.#terminal?.release();
    try {
      return await work();
    } finally {
      this.#terminal?.hold();
      this.#suspended = false;
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    const terminal = await this.#opening;
    this.#draw([]);
    this.#terminal = undefined;
    await terminal?.close();
    this.#flush();
  }

  async #open(): Promise<void> {
    const { stdout, stderr } = this.#settings;
    this.#opening = openTerminal(stdout.stream, stderr.stream, () => this.#tick(), PACE);
    const terminal = await this.#opening;
    if (this.#suspended) terminal.release();
    this.#terminal = terminal;
  }

  #tick(): void {
    const { stdout, check, colors } = this.#settings;
    const { columns = 80, rows = 24 } = stdout.stream;
    const spinner = this.#terminal?.spinner() ?? '';
    this.#draw(frame(this.#states, { columns, rows, now: Date.now(), spinner, check, colors }));
  }

  #draw(block: readonly string[]): void {
    const terminal = this.#terminal;
    if (!terminal || this.#suspended) return;
    const held = terminal.heldBack().replace(/^\n+|\n+$/g, '');
    const stray = held === '' ? [] : redact(held).split('\n').map(escapeControls);
    terminal.write(this.#screen.draw([...stray, ...this.#take()], block));
  }

  #flush(): void {
    const lines = this.#take();
    if (lines.length > 0) this.#settings.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }

  #take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
