import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from '../../dsl/task.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { wordsOf } from '../exchange/task-shell.ts';
import type { RoleTask, Wire } from '../exchange/wire.ts';

/** A host of a batch, as far as others wait for what it does for all. */
interface OnceHost {
  readonly target: { readonly name: string };
  /** It wants a task, as things are: no failure before it has left that out. */
  isFor(one: RoleTask): boolean;
  outcomeOf(one: RoleTask): Outcome | undefined;
}

/** The host that does a task for all of its batch. */
export interface Doer {
  readonly host: OnceHost;
  /** It has failed. */
  readonly isLost: boolean;
}

/** What became of a task on a host. */
export type Outcome = 'ok' | 'changed' | 'failed';

/** Who does what is done once: for each task the first host of the batch that wants it, and that one as long as it does. */
export class Doers {
  readonly #hosts: () => readonly OnceHost[];
  readonly #isLost: (name: string) => boolean;
  readonly #chosen = new Map<string, OnceHost>();

  constructor(hosts: () => readonly OnceHost[], isLost: (name: string) => boolean) {
    this.#hosts = hosts;
    this.#isLost = isLost;
  }

  of(one: RoleTask): Doer | undefined {
    const key = `${one.role} ${one.task.thing}`;
    const chosen = this.#chosen.get(key);
    const host = chosen?.isFor(one) ? chosen : this.#hosts().find((other) => other.isFor(one));
    if (host === undefined) return undefined;
    this.#chosen.set(key, host);
    return { host, isLost: this.#isLost(host.target.name) };
  }
}

/** A task that is left out here because another host does it for all. */
export function isOnce(task: Task, skipped: string | undefined): boolean {
  const { runOnce, when } = wordsOf(task);
  return runOnce === true && when !== false && skipped !== undefined;
}

/**
 * Waits for what another host does once; tells what became of it, undefined where no other host is to do it any more.
 * Throws exit code 2 where that host has failed, as a failure of the task here, and 130 on a request to stop.
 */
export async function awaitOnce(
  one: RoleTask,
  other: () => Doer | undefined,
  wire: Wire,
): Promise<'ok' | 'changed' | undefined> {
  for (;;) {
    const doer = other();
    if (doer === undefined) return undefined;
    const outcome = doer.host.outcomeOf(one);
    if (outcome === 'ok' || outcome === 'changed') return outcome;
    if (wire.stopping) throw stopped(wire.host.name, doer, one.task);
    if (outcome === 'failed' || doer.isLost) {
      wire.failed(one);
      throw inVain(wire.host.name, doer, one.task);
    }
    await sleep(50);
  }
}

function inVain(name: string, { host }: Doer, { title }: Task): QuorateError {
  const who = host.target.name;
  return new QuorateError(`${name}: ${who}, which does "${title}" for all, has failed`, {
    exitCode: EXIT.failed,
    host: name,
    hint: `see what failed on ${who}, and run again`,
  });
}

function stopped(name: string, { host }: Doer, { title }: Task): QuorateError {
  const who = host.target.name;
  return new QuorateError(`${name}: stopped on request while it waited for "${title}" on ${who}`, {
    exitCode: EXIT.interrupted,
    host: name,
    hint: 'run again to go on',
  });
}

/** Nobody did it: `skipped` is what was said when it was planned. */
export function doneByNobody(name: string, { title }: Task, skipped: string): QuorateError {
  return new QuorateError(`${name}: "${title}" was done by no host (planned as ${skipped})`, {
    exitCode: EXIT.failed,
    host: name,
    task: title,
    hint: 'see what failed in front of it on that host, and run again',
  });
}
