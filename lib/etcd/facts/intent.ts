import { newRunId } from '../../dsl/common/run-id.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { makesNewCluster } from '../verbs.ts';

/** Milliseconds. */
const DAY = 86_400_000;

/**
 * What an operation is heading for, where the state of the cluster cannot tell: which file is restored, which CA is to
 * come. It lies on every host from before the first step on, so that whoever runs it again goes on to the same target.
 */
export interface Intent {
  /** The playbook: `restore`. */
  readonly verb: string;
  /** What it heads for, in a form that can be compared: `snapshot sha256:…`. */
  readonly target: string;
  /** ID of the run that began it. */
  readonly runId: string;
  /** Set once it is reached, by the run with this ID. */
  readonly done?: string;
  /** It ended that way before anything was carried out: there was no need any more. */
  readonly givenUp?: true;
  /** What a rerun must know and nobody can read anew. Never a secret. */
  readonly notes?: Readonly<Record<string, string>>;
  /** The run that ended the last recovery of this cluster, before this one: see `recoveredBy`. */
  readonly recovered?: string;
  /** What was open when this began, and is open again once this is done: a CA that takes another's place. */
  readonly under?: Intent;
}

/**
 * The run that ended the last recovery that a host took part in, or its cluster had behind it when a later verb was noted
 * there; undefined without one. Runs compare by their time. A restore makes another cluster just so.
 */
export function recoveredBy(intent: Intent | undefined): string | undefined {
  const isNew = intent !== undefined && makesNewCluster(intent.verb) && !intent.givenUp;
  return (isNew && intent.done) || intent?.recovered;
}

/** Where a host keeps the latest one. */
export function intentFile({ stateDir }: Pick<Member, 'stateDir'>): string {
  return `${stateDir}/intent`;
}

/** Read-only shell, without a process. */
export function intentFacts(member: Member): Sh {
  const path = intentFile(member);
  return sh`if [ -f ${path} ]; then IFS= read -r q_line <${path} || :; printf 'intent %s\n' "$q_line"; fi`;
}

/** Takes it out of what `intentFacts` printed; undefined where there is none, or nothing that we have written. */
export function parseIntent(line: string | undefined): Intent | undefined {
  if (line === undefined) return undefined;
  try {
    return intentOf(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function intentOf(said: unknown): Intent | undefined {
  if (typeof said !== 'object' || said === null) return undefined;
  const { verb, target, runId, done, givenUp, notes, recovered, under } = said as Record<string, unknown>;
  if (typeof target !== 'string' || !isWord(verb) || !isRun(runId)) return undefined;
  const below = intentOf(under);
  return {
    verb,
    target,
    runId,
    ...(isRun(done) && { done }),
    ...(givenUp === true && { givenUp }),
    ...(typeof notes === 'object' && notes !== null && { notes: textsIn(notes) }),
    ...(isRun(recovered) && { recovered }),
    ...(below && { under: below }),
  };
}

function textsIn(notes: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(notes).filter(([, said]) => typeof said === 'string'));
}

/**
 * IDs of runs: the later run knows better, so an ID without a time, or with one to come, is not taken. Clocks of
 * machines that run Quorate may be a day apart.
 */
export function isRun(said: unknown): said is string {
  if (typeof said !== 'string' || !/^\d{8}T\d{6}Z(-[a-z0-9]+)?$/.test(said)) return false;
  return said < newRunId(new Date(Date.now() + DAY));
}

/** For names, which become parts of lines. */
function isWord(said: unknown): said is string {
  return typeof said === 'string' && /^[A-Za-z0-9-]+$/.test(said);
}

/** Shell that does `then` where one of these verbs has begun something here, and not finished it. */
export function whileOpen(member: Pick<Member, 'stateDir'>, verbs: readonly string[], then: Sh): Sh {
  const path = intentFile(member);
  const begun = joinSh(
    verbs.map((verb) => sh`${`{"verb":"${verb}",`}*`),
    ' | ',
  );
  // A quote within a text has a backslash before it.
  return sh`if [ -f ${path} ]; then
  IFS= read -r q_line <${path} || :
  case $q_line in *'"done":"'*) ;; ${begun}) ${then} ;; esac
fi`;
}

/** Shell that puts it down, whole or not at all. */
export function writeIntent(member: Pick<Member, 'stateDir'>, intent: Intent): Sh {
  return sh`mkdir -p ${member.stateDir} && printf '%s\n' ${JSON.stringify(intent)} | q_write ${intentFile(member)} 0644 '' ''`;
}
