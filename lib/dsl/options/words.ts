import { EXIT, QuorateError } from '../../errors.ts';
import type { Secret } from '../secret.ts';
import type { Sh } from '../shell/sh.ts';

/** Ansible's control words that tasks and blocks share. */
export interface SharedWords {
  /** `false`: leave it out here, and report it as skipped. An `if` around the task says the same without a report. */
  readonly when?: boolean;
  /** Go on when it fails: it counts as failed and ignored, and not for the exit code. */
  readonly ignoreErrors?: boolean;
  /** Variables of its apply and its probe; a `Secret` is shown nowhere. */
  readonly environment?: Readonly<Record<string, string | Secret>>;
  /** Run its apply and its probe as this user of the host. */
  readonly becomeUser?: string;
  /** Let the first host of the batch do it for all of them; the others wait, and go on from what is there then. */
  readonly runOnce?: boolean;
  /** Let this host act for the one whose role it is: by its name in the inventory, or `localhost`. */
  readonly delegateTo?: string;
}

/** Ansible's control words: what every task takes besides what is wanted. */
export interface ControlWords extends SharedWords {
  /** Ask so many times again when it has not come true; 3 where only `until` or `delay` is given. */
  readonly retries?: number;
  /** Seconds before each of them; 5. */
  readonly delay?: number;
  /** Read-only shell that must exit 0, too, for the task to be true. */
  readonly until?: Sh;
  /** Seconds for the apply: what runs then is ended on the host, its whole process group, and the task has failed. */
  readonly timeout?: number;
}

/** Throws exit code 1 for what no host could follow; that each is of its type was judged before. */
export function checkWords(words: ControlWords, title: string): void {
  const wrong = (message: string, hint: string) =>
    new QuorateError(`"${title}": ${message}`, { exitCode: EXIT.usage, hint });
  const numbers = [
    ['retries', 0, 'a whole number from 0'],
    ['delay', 0, 'seconds from 0'],
    ['timeout', 0.001, 'seconds above 0'],
  ] as const;
  for (const [name, least, wanted] of numbers) {
    const value = words[name];
    const isNumber = value === undefined || (Number.isFinite(value) && value >= least);
    if (!isNumber || (name === 'retries' && value !== undefined && !Number.isInteger(value)))
      throw wrong(`${name} is ${JSON.stringify(value)}, ${wanted} was wanted`, 'leave it out for none');
  }
  for (const name of Object.keys(words.environment ?? {})) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name.startsWith('q_'))
      throw wrong(
        `${JSON.stringify(name)} is not the name of a variable`,
        'letters, digits and _; q_… is ours',
      );
  }
  if (words.becomeUser !== undefined && !/^[A-Za-z0-9_][\w.-]*\$?$/.test(words.becomeUser))
    throw wrong(
      `${JSON.stringify(words.becomeUser)} is not the name of a user`,
      "name one of the host: becomeUser: 'web'",
    );
}

/** How often a proof is asked again, and after how many seconds each time. */
export function retriesOf({ retries, delay, until }: ControlWords): {
  readonly times: number;
  readonly delay: number;
} {
  const isAsked = until !== undefined || delay !== undefined;
  return { times: retries ?? (isAsked ? 3 : 0), delay: delay ?? 5 };
}
