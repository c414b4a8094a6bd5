import { closest } from 'fastest-levenshtein';
import { isDue, type PlannedTask } from '../../dsl/play.ts';
import type { Role } from '../../dsl/role.ts';
import type { Probe, Read } from '../../dsl/shell/probe.ts';
import type { Sh } from '../../dsl/shell/sh.ts';
import { places, positionOf } from '../../dsl/trace/position.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Inventory } from '../../inventory/index.ts';
import { fromHere } from '../../paths.ts';
import type { EventSink, RunEvent } from '../../runner/events.ts';
import type { PlannedBatch } from '../../runner/plan/review.ts';
import type { Why, WhyVariable } from '../../runner/plan/why.ts';
import { explain } from '../inventory/explained.ts';
import { shower } from '../inventory/masked.ts';
import type { PlaybookFile } from '../start/playbook-file.ts';
import { whyLines } from './lines.ts';
import { readLines, wantedData } from './shown.ts';

/** Titles that are named where several are meant. */
const NAMED = 5;

/** Answers, of each host that a check plans, why a task would change it. `asked` is a title, or a part that one has. */
export function whyTeller(asked: string, { plays }: PlaybookFile, inventory: Inventory) {
  places.own.wanted = true;
  const roles = new Map(plays.flatMap((play) => play.roles.map((role) => [role.name, role] as const)));
  const titles = new Set<string>();
  const several = new Set<string>();
  let isAnswered = false;
  return {
    // Only the answer is asked for.
    hides: ({ event }: RunEvent) => ['task', 'step', 'left-over', 'cluster', 'certificates'].includes(event),
    part: {
      async review({ hosts }: PlannedBatch, emit: EventSink['emit']) {
        for (const { name, plan } of hosts) {
          for (const { task } of plan) titles.add(task.title);
          const found = meant(asked, plan);
          const different = new Set(found.map(({ task }) => task.title));
          if (different.size > 1) for (const title of different) several.add(title);
          else {
            for (const one of found)
              emit({ event: 'why', ...(await whyOf(name, one, roles.get(one.role), inventory)) });
            isAnswered ||= found.length > 0;
          }
        }
      },
      async reviewed() {
        if (several.size > 0) throw wrong(asked, 'is a part of several titles', [...several]);
        // Where no host could be planned nobody knows.
        if (!isAnswered && titles.size > 0)
          throw wrong(asked, 'is not a task of these hosts', nearest(asked, [...titles]));
        return undefined;
      },
    },
  };
}

/** Those of this title; else those that have it in theirs. */
function meant(asked: string, plan: readonly PlannedTask[]): readonly PlannedTask[] {
  const exact = plan.filter(({ task }) => task.title === asked);
  if (exact.length > 0) return exact;
  const part = asked.toLowerCase();
  return plan.filter(({ task }) => task.title.toLowerCase().includes(part));
}

function nearest(asked: string, titles: readonly string[]): readonly string[] {
  const [first, ...words] = [
    closest(asked, titles),
    ...asked
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word.length > 3),
  ];
  const alike = titles.filter((title) => words.some((word) => title.toLowerCase().includes(word)));
  return [...new Set([first, ...alike])];
}

function wrong(asked: string, what: string, titles: readonly string[]): QuorateError {
  const named = titles.slice(0, NAMED).map((title) => JSON.stringify(title));
  const more = titles.length > NAMED ? ` and ${titles.length - NAMED} more` : '';
  return new QuorateError(`--why ${JSON.stringify(asked)} ${what}`, {
    exitCode: EXIT.usage,
    hint: `titles: ${named.join(', ')}${more}; --list-tasks lists them`,
  });
}

async function whyOf(
  host: string,
  planned: PlannedTask,
  role: Role | undefined,
  inventory: Inventory,
): Promise<Why> {
  const { task, changes, skipped, reading } = planned;
  const position = task.writtenAt ?? (role?.writtenAt && positionOf(role.writtenAt));
  const isUnknown = isDue(planned) && changes.every(({ certainty }) => certainty === 'unknown');
  const why = {
    host,
    role: planned.role,
    task: task.title,
    status: skipped !== undefined ? 'skipped' : isUnknown ? 'unknown' : isDue(planned) ? 'changed' : 'ok',
    ...(position && { position }),
    read: reading === undefined ? [] : readLines(reading, changes, task.wish, readsOf(task.probe)),
    wanted: wantedData(task.wish),
    changes,
    variables: role === undefined ? [] : await variablesOf(host, role, inventory),
  } as const;
  return { ...why, lines: whyLines(why, skipped) };
}

function readsOf(probe: Sh | Probe | undefined): readonly Read[] {
  return probe !== undefined && 'reads' in probe ? probe.reads : [];
}

/** What a role declares to read, with where it is written. */
async function variablesOf(
  host: string,
  { vars }: Role,
  inventory: Inventory,
): Promise<readonly WhyVariable[]> {
  const found: WhyVariable[] = [];
  for (const name of Object.keys(vars)) {
    for (const { variable, value, from } of await explain(inventory, host, name, shower(false))) {
      const { by, position } = from;
      found.push({
        variable,
        ...(value !== undefined && { value }),
        by,
        ...(position && { position: { ...position, file: fromHere(position.file) } }),
      });
    }
  }
  return found;
}
