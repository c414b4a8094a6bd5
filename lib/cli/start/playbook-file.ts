import type { Playbook } from '../../dsl/play.ts';
import type { ExitCode, QuorateError } from '../../errors.ts';
import type { Inventory } from '../../inventory/index.ts';
import type { OwnFlag } from '../flags/flags.ts';
import type { Options } from '../flags/options.ts';
import type { Started } from './started.ts';

/** What a playbook file gives to the command line. */
export interface PlaybookFile extends Playbook {
  /**
   * Of a playbook of ours, the sample on this machine, from the playbook's file: the inventory for `--local`, and in a
   * clone without `-i`. Others take `inventory.yaml` or `inventory` beside the playbook; ours in a package, in the
   * working directory.
   */
  readonly inventory?: string;
  /** Shared flags that mean nothing here: the help leaves them out. */
  readonly hides?: readonly string[];
  /** See `Playbook.examples`. */
  readonly examples?: readonly (readonly [args: string, what: string])[];
  /** Flags of this playbook alone. */
  readonly flags?: readonly OwnFlag[];
  /** Throws when the run must not start on these hosts with these options; a check is always let through. */
  readonly refuses?: (
    hosts: readonly { readonly name: string; readonly vars: Readonly<Record<string, unknown>> }[],
    options: Options,
  ) => void;
  /**
   * A run shows what it is about to do and asks. Without a terminal to ask at it wants `--yes`, before any contact; a
   * check asks nothing. A function says with which options that is.
   */
  readonly asks?: true | ((options: Options) => boolean);
  /** Words of this playbook besides its flags, for the help: `[GROUP]`. */
  readonly words?: string;
  /** What the words mean: plays that are made of them. Throws exit code 1. */
  readonly playsFor?: (words: readonly string[]) => PlaybookFile['plays'];
  /** The words as hosts may remember them: without secrets. By default the first alone. */
  readonly tellsWords?: (words: readonly string[]) => string;
  /** What programs print on hosts is what it is for: told without `-v`. */
  readonly tellsOutput?: boolean;
  /** Its output is that of a program on a host: of the run only what went wrong is told, on standard error. */
  readonly pipes?: boolean;
  /** Shows something instead of running anything on the hosts of the inventory; undefined where this run is none for that. */
  readonly show?: (inventory: Inventory, options: Options) => Promise<void> | undefined;
  /** With some options a playbook prints a document and runs nothing. */
  readonly prints?: (options: Options) => Promise<string> | undefined;
  /** With some options a playbook does something else than run: what it finds, as errors. */
  readonly instead?: (options: Options) => Promise<readonly QuorateError[]> | undefined;
  /** It runs no plays of its own: what it does instead, and the exit code. */
  readonly carriesOut?: (options: Options, started: Started) => Promise<ExitCode>;
}
