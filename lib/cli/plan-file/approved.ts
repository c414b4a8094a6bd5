import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { EXIT, QuorateError, QuorateErrors } from '../../errors.ts';
import { oneLine } from '../../report/text.ts';
import type { Approval, PlannedBatch } from '../../runner/plan/review.ts';
import type { Options } from '../flags/options.ts';
import type { PlaybookFile } from '../start/playbook-file.ts';
import { type Difference, DONE, differingSteps, differingTasks } from './compare.ts';
import { Digests } from './digests.ts';
import { entriesOf } from './entries.ts';
import type { Plan } from './format.ts';
import { readPlan } from './read.ts';
import { codeOf, inventoryFiles, sourcesNow } from './sources.ts';

/** Differences that are named; the rest is counted. */
const NAMED = 10;

/** Flags whose values a plan brings along. */
const BROUGHT = [
  ['inventory', 'inventory'],
  ['local', 'local'],
  ['limit', 'limit'],
  ['shard', 'shard'],
  ['role', 'roles'],
  ['tags', 'tags'],
  ['skip-tags', 'skipTags'],
  ['prune', 'prune'],
] as const;

/**
 * The command line of `--apply`, with what the plan brings along. Throws exit code 1 for a plan of another playbook, for
 * flags that say otherwise than it, and for what is not a flag of the playbook; 3 where code or inventory files are not those
 * that it was made of: before any of them is read as an inventory, or run as one.
 */
export async function withPlan(
  { name: playbook, flags = [] }: Pick<PlaybookFile, 'name' | 'flags'>,
  playbookFile: string,
  options: Options & { readonly apply: string },
): Promise<Options> {
  const usage = (message: string, hint: string) => new QuorateError(message, { exitCode: EXIT.usage, hint });
  if (options.list !== undefined)
    throw usage('--apply carries out a plan, and a list was asked for', 'give one of them');
  const plan = readPlan(options.apply);
  if (plan.playbook !== playbook)
    throw usage(
      `${options.apply} is a plan of ${plan.playbook}, and this is ${playbook}`,
      `run ${plan.playbook} with it`,
    );
  const planned = plan.options;
  const stranger = Object.entries(planned.own).find(
    ([flag, value]) => !flags.some(({ name, type }) => name === flag && type === typeof value),
  );
  if (stranger !== undefined)
    throw usage(
      `${options.apply} has --${oneLine(stranger[0])}, which is not a flag of ${playbook}, or of another type`,
      'make it again with --plan-out',
    );
  const again = [
    ...BROUGHT.flatMap(([flag, name]) => (isOther(options[name], planned[name]) ? [`--${flag}`] : [])),
    ...Object.entries(options.own).flatMap(([flag, value]) =>
      isOther(value, planned.own[flag]) ? [`--${flag}`] : [],
    ),
    ...(isOther(options.words, planned.words) ? options.words : []),
  ];
  if (again.length > 0)
    throw usage(
      `${again.join(', ')}: ${options.apply} says otherwise, and that counts`,
      'leave it out; variables (-e) and secrets are given again',
    );
  const digests = new Digests(plan.secrets);
  const { files } = plan.inventory;
  const away = Object.keys({ ...plan.code.files, ...files }).filter((path) => !isAbsolute(path));
  if (away.length > 0 && !away.some((path) => existsSync(path)))
    throw refused(options.apply, `it was made in a folder that has ${away.join(', ')}`, {
      hint: 'carry it out there, or make one here with --plan-out',
    });
  const stale = [
    ...(await otherCode(plan, playbookFile, digests)),
    ...(await otherFiles('inventory', files, sourcesNow(Object.keys(files), planned.inventory), digests)),
  ];
  if (stale.length > 0) throw refused(options.apply, stale.join('; '));
  const { limit, shard, own, ...brought } = plan.options;
  return {
    ...options,
    ...brought,
    limit: limit ?? undefined,
    shard: shard ?? undefined,
    own: { ...options.own, ...own },
    approved: plan,
  };
}

/** A flag is given that differs from the plan's. Compare files by their full path. */
function isOther(given: unknown, planned: unknown): boolean {
  const isGiven = Array.isArray(given) ? given.length > 0 : given !== undefined && given !== false;
  const spelled = (value: unknown) =>
    JSON.stringify(Array.isArray(value) ? value.map((one) => resolve(String(one))) : value);
  return isGiven && spelled(given) !== spelled(planned);
}

/** Compares what the inventory was read from with what the plan was made of, before any contact; throws exit code 3. */
export async function approvalOf(plan: Plan, file: string, options: Options): Promise<Approval> {
  const digests = new Digests(plan.secrets);
  const read = inventoryFiles(options.extraVars);
  const stale = await otherFiles('inventory', plan.inventory.files, read, digests);
  if (stale.length > 0) throw refused(file, stale.join('; '));
  const changing = new Set(
    [...plan.tasks, ...plan.steps].flatMap(({ host, ...one }) => [
      'by' in one && one.by ? one.by : host,
      host,
    ]),
  );
  const compare = async (batches: readonly PlannedBatch[], settled: boolean) => {
    const missing = batches.flatMap((batch) => batch.missing);
    if (missing.length > 0) throw notPlanned(missing, settled);
    const now = batches.flatMap(entriesOf);
    const isAsked = ({ play, host }: { readonly play: string; readonly host: string }) =>
      batches.some((batch) => batch.play === play && batch.hosts.some(({ name }) => name === host));
    const tasks = settled ? plan.tasks.filter(isAsked) : plan.tasks;
    const plays = new Set(batches.map(({ play }) => play));
    const steps = settled ? plan.steps.filter(({ play }) => plays.has(play)) : plan.steps;
    const found = [
      ...(await differingTasks(tasks, now, digests, settled)),
      ...differingSteps(
        steps,
        batches.flatMap((batch) => batch.steps),
      ),
    ];
    if (found.length > 0) throw differs(file, found, settled);
  };
  return {
    changes: (host) => !options.check && changing.has(host),
    compare: (batches) => compare(batches, false),
    review: (batch, rehearsed) => compare([batch], rehearsed),
  };
}

async function otherCode({ code }: Plan, playbookFile: string, digests: Digests): Promise<readonly string[]> {
  const { version, own, files } = codeOf(playbookFile);
  if (version !== code.version)
    return [`it was made by version ${code.version} of Quorate, and this is ${version}`];
  return [
    ...(own === code.own ? [] : [`the code of Quorate has changed (still version ${version})`]),
    ...(await otherFiles('code', code.files, files, digests)),
  ];
}

async function otherFiles(
  what: string,
  planned: Readonly<Record<string, string>>,
  now: ReadonlyMap<string, string>,
  digests: Digests,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of new Set([...Object.keys(planned), ...now.keys()])) {
    const [before, text] = [planned[path], now.get(path)];
    if (before === undefined) found.push(`the ${what} has a file more: ${path}`);
    else if (text === undefined) found.push(`the ${what} has no file ${path} any more`);
    else if (!(await digests.match(before, text))) found.push(`the ${what} file ${path} has changed`);
  }
  return found;
}

function refused(
  file: string,
  why: string,
  { settled = false, hint = 'make the plan again with --plan-out, and look at it' } = {},
): QuorateError {
  return new QuorateError(
    `${file} was not carried out${settled ? ' to its end' : ''}, and ${untouched(settled)}: ${why}`,
    { exitCode: EXIT.refused, hint },
  );
}

function notPlanned(hosts: readonly string[], settled: boolean): QuorateError {
  const names = hosts.join(', ');
  return new QuorateError(`${untouched(settled)}: the plan is about ${names}, too, which could not be read`, {
    exitCode: EXIT.unreachable,
    hint: 'run it again once they are there, or make a plan without them (-l)',
  });
}

/** What became of the hosts; those of earlier batches are in the recap. */
function untouched(settled: boolean): string {
  return settled ? 'no further host was changed' : 'nothing was changed';
}

function differs(file: string, found: readonly Difference[], settled: boolean): QuorateErrors {
  const more = found.length - NAMED;
  const isDone = found.every(({ now }) => now === DONE);
  const count = found.length === 1 ? 'a difference' : `${found.length} differences`;
  return new QuorateErrors([
    ...found.slice(0, NAMED).map(
      ({ host, task, property, planned, now }) =>
        new QuorateError(`${host}: ${task}: ${property}: planned: ${planned}; now: ${now}`, {
          exitCode: EXIT.refused,
          host,
          task,
        }),
    ),
    refused(
      file,
      `${count} between the plan and the hosts as they are now${more > 0 ? `, of which the first ${NAMED} are named` : ''}`,
      {
        settled,
        ...(isDone && {
          hint: 'was it carried out before, or made with an -e that is missing now? --plan-out makes a plan of what is left',
        }),
      },
    ),
  ]);
}
