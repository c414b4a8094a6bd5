import { closest } from 'fastest-levenshtein';
import { isDue, type PlannedTask } from '../dsl/play.ts';
import { redact, redactScript, Secret } from '../dsl/secret.ts';
import { PRELUDE } from '../dsl/shell/prelude.ts';
import type { Probe } from '../dsl/shell/probe.ts';
import { quote, type Sh } from '../dsl/shell/sh.ts';
import type { Change, Prepared, Task } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Inventory } from '../inventory/index.ts';
import { describe } from '../report/diff/changes.ts';
import { escapeControls, oneLine } from '../report/text.ts';
import type { RunEvent } from '../runner/events.ts';
import type { Fragment } from '../runner/exchange/script.ts';
import { applyFragment, probeFragment } from '../runner/exchange/task-shell.ts';
import { type PlannedBatch, type PlannedHost, playNames } from '../runner/plan/review.ts';
import { MASK } from '../secret-names.ts';
import { maskText } from '../secret-texts.ts';
import type { PlaybookFile } from './start/playbook-file.ts';

/** Prints, of one host of a check, what would run there. Throws exit code 1 for a host that the inventory lacks. */
export function scriptShower(host: string, { name, plays }: PlaybookFile, { hosts }: Inventory) {
  const known = hosts.map((one) => one.name);
  if (!known.includes(host)) {
    throw new QuorateError(`--show-script ${host}: the inventory has no such host`, {
      exitCode: EXIT.usage,
      hint: `did you mean ${closest(host, known)}?`,
    });
  }
  const parts: string[] = [];
  return {
    hides: (event: RunEvent) => event.event === 'log' && event.conclusion === true,
    document: () => (parts.length === 0 ? '' : shown([...headOf(name, host), ...parts, ''].join('\n'))),
    part: {
      async review(batch: PlannedBatch) {
        const found = batch.hosts.find((one) => one.name === host);
        const play = plays[playNames(plays).indexOf(batch.play)];
        if (found && play) parts.push(...scriptOf(batch.play, play.gather.probe(found.target), found));
      },
      async reviewed(outcome: number) {
        if (parts.length > 0 || (outcome !== EXIT.ok && outcome !== EXIT.pending)) return undefined;
        throw new QuorateError(`--show-script ${host}: no play of ${name} changes this host`, {
          exitCode: EXIT.usage,
          hint: '--list-hosts lists those that it does, --limit may leave it out',
        });
      },
    },
  };
}

/** As in a diff: texts of the host may hold secrets of others, and signs that move a cursor. */
function shown(script: string): string {
  return escapeControls(maskText(redactScript(script)));
}

function headOf(playbook: string, host: string): readonly string[] {
  return [
    '#!/bin/sh',
    comment(`What a run of ${playbook} would send to ${host}: for reading, not for running.`),
    '# Secrets are masked; texts that only a run makes are not there yet.',
    PRELUDE,
  ];
}

function scriptOf(play: string, facts: Sh, { stateDir, plan }: PlannedHost): readonly string[] {
  const due = plan.filter(isDue);
  return [
    '',
    comment(`play ${play}: 1. what is read of the host`),
    `q_state=${quote(stateDir)}`,
    ...shell({ sh: facts }),
    '',
    '# 2. what is read of each task',
    ...plan.flatMap(readOf),
    '',
    due.length === 0
      ? '# 3. nothing is changed'
      : '# 3. what is changed, in this order; after each task the same is read again, and must differ in nothing',
    ...due.flatMap(changeOf),
  ];
}

function readOf({ task, role, skipped }: PlannedTask): readonly string[] {
  if (skipped !== undefined) return ['', comment(`${task.title} (role ${role}): left out, ${skipped}`)];
  return [
    '',
    comment(`${task.title} (role ${role})`),
    ...elsewhere(task, () => shell(probeFragment(masked(task), 'probe'))),
  ];
}

function changeOf({ task, role, changes, waits }: PlannedTask): readonly string[] {
  return [
    '',
    comment(`${task.title} (role ${role})`),
    ...changes.map((change) => comment(`  ${describe(change)}`)),
    ...(waits
      ? ['# read again when its turn comes: earlier changes decide whether there is anything to do']
      : []),
    ...(task.guard ? ['# taken back by the host unless a new connection gets through after it'] : []),
    ...elsewhere(task, () =>
      task.act
        ? ['# a function of the playbook works on the host, call by call']
        : shell(applyFragment(masked(task), 'apply', changes.map(withoutSecrets) as Change[], {})),
    ),
  ];
}

function elsewhere(task: Task, here: () => readonly string[]): readonly string[] {
  if (task.words?.delegateTo !== undefined) return [comment(`carried out on ${task.words.delegateTo}`)];
  try {
    return here();
  } catch {
    return ['# made of what only the run has: a certificate, a download'];
  }
}

function shell({ sh: { text }, user, timeout }: Pick<Fragment, 'sh'> & Partial<Fragment>): readonly string[] {
  return [
    ...(user === undefined ? [] : [comment(`as user ${user}`)]),
    ...(timeout === undefined ? [] : [comment(`ended after ${timeout} s`)]),
    '(',
    text.trim() === '' ? ':' : text,
    ')',
  ];
}

function comment(text: string): string {
  return `# ${oneLine(text)}`;
}

interface Made {
  probe(wish: unknown): Sh | Probe | undefined;
  apply(wish: unknown, changes: readonly Change[], prepared: Prepared): Sh;
}

/** The same task of a wish without secrets: whatever its shell makes of them, they are not in it. */
function masked(task: Task): Task {
  const words = task.words && (withoutSecrets(task.words) as NonNullable<Task['words']>);
  const { made } = task;
  if (made === undefined) return { ...task, ...(words && { words }) };
  const by = made.by as Made;
  const wish = withoutSecrets(made.wish);
  return {
    ...task,
    ...(words && { words }),
    probe: by.probe(wish),
    apply: (changes, prepared) => by.apply(wish, changes, prepared),
  };
}

function withoutSecrets(value: unknown): unknown {
  if (value instanceof Secret) return new Secret(MASK);
  // Before it is quoted: what a shell makes of quotes hides where a value ends.
  if (typeof value === 'string') return maskText(redact(value));
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, withoutSecrets(one)]));
  if (typeof value !== 'object' || value === null) return value;
  // Tasks that it names, and what has a class of its own, are taken as they are.
  if (Object.getPrototypeOf(value) !== Object.prototype || 'diff' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutSecrets(one)]));
}
