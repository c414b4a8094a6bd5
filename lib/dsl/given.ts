import { EXIT, type ExitCode, QuorateError } from '../errors.ts';
import { is, said } from './options.ts';
import type { Probe } from './probe.ts';
import type { Sh } from './sh.ts';
import type { ChangeKind } from './task.ts';
import { positionOf } from './trace/position.ts';

/**
 * Looks at what the functions of a resource give, which no compiler may have seen: throws exit code 1 where a role is
 * built, 2 behind that, with the place where the resource is defined.
 */
export class Given {
  readonly #kind: string;
  /** Its stack is read only where something is wrong. */
  readonly #defined = new Error('defined');

  constructor(kind: string) {
    this.#kind = kind;
  }

  name(name: 'name' | 'title', value: string): string {
    return is.text.holds(value) ? value : this.#refuse(name, value, 'text', EXIT.usage);
  }

  probe(value: Sh | Probe | undefined): Sh | Probe | undefined {
    const isProbe = value === undefined || is.sh.holds(value) || 'reads' in Object(value);
    return isProbe ? value : this.#refuse('probe', value, 'shell', EXIT.usage, shellHint(value));
  }

  differences<Difference>(value: readonly Difference[]): readonly Difference[] {
    if (!Array.isArray(value))
      this.#refuse(
        'diff',
        value,
        'a list of differences',
        EXIT.failed,
        'return [] where nothing differs, and no Promise',
      );
    for (const one of value) {
      const { kind, property, before, after } = Object(one);
      const isWhole = KINDS.has(kind) && is.text.holds(property) && [before, after].every(isState);
      if (!isWhole) this.#refuse('diff', one, 'a difference', EXIT.failed, DIFFERENCE);
    }
    return value;
  }

  shell(value: Sh): Sh {
    return is.sh.holds(value) ? value : this.#refuse('apply', value, 'shell', EXIT.failed, shellHint(value));
  }

  #refuse(name: string, found: unknown, wanted: string, exitCode: ExitCode, hint?: string): never {
    const position = positionOf(this.#defined);
    throw new QuorateError(`${name} of ${this.#kind} gives ${said(name, found)}, ${wanted} was wanted`, {
      exitCode,
      ...(hint !== undefined && { hint }),
      ...(position && { position }),
    });
  }
}

const KINDS: ReadonlySet<ChangeKind> = new Set([
  'create',
  'update',
  'remove',
  'start',
  'stop',
  'restart',
  'run',
  'wait',
]);

const shellHint = (value: unknown) => (is.text.holds(value) ? `write sh\`${value}\`` : 'write sh`…`');

const isState = (value: unknown) => value === null || is.text.holds(value);

const DIFFERENCE =
  "write { kind: 'update', property: 'mode', before: '0644', after: '0600' }, with text or null for what was and will be";
