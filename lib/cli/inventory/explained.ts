import type { Position } from '../../errors.ts';
import { QuorateError } from '../../errors.ts';
import type { Inventory } from '../../inventory/index.ts';
import { CONNECTION_VARS, counting } from '../../inventory/variables/settings.ts';
import { listedValue } from '../../inventory/variables/value.ts';
import type { Candidate } from '../../inventory/variables/variables.ts';
import type { Show } from './masked.ts';

/** Where a variable's value for a host comes from, and what it beat. */
export interface Explained {
  readonly variable: string;
  /** Evaluated; undefined where that cannot be done, or the variable is declared and has no value. */
  readonly value?: unknown;
  /** Why it cannot be evaluated. */
  readonly error?: QuorateError;
  readonly from: Said;
  /** From the highest precedence down. */
  readonly beats: readonly Said[];
}

/** Who says a variable, where, and what. */
export interface Said {
  /** `group etcd`, `host etcd01`, `--extra-vars` or `default`. */
  readonly by: string;
  /** The name, where it is another one that means the same: `ansible_ssh_host`. */
  readonly as?: string;
  readonly position?: Position;
  /** As it is written. */
  readonly value?: unknown;
}

/** All variables that a host has, or one of them; those of roles have a default last. */
export async function explain(
  inventory: Inventory,
  host: string,
  variable: string | undefined,
  show: Show,
): Promise<readonly Explained[]> {
  const all = inventory.variablesOf(host);
  const names = variable === undefined ? namesOf(inventory, all) : [variable];
  const explained: Explained[] = [];
  for (const name of names) {
    const one = await explainOne(inventory, host, name, show);
    if (one !== undefined) explained.push(one);
  }
  return explained;
}

/** Other names of a connection's variables are told where they count. */
function namesOf({ schema }: Inventory, all: ReadonlyMap<string, unknown>): readonly string[] {
  const others = new Map(
    Object.entries(CONNECTION_VARS).flatMap(([name, same]) => same.map((one) => [one, name])),
  );
  const set = [...all.keys()].map((name) => others.get(name) ?? name);
  return [...new Set([...set, ...Object.keys(schema)])].sort();
}

async function explainOne(
  inventory: Inventory,
  host: string,
  name: string,
  show: Show,
): Promise<Explained | undefined> {
  const all = inventory.variablesOf(host);
  const declared = inventory.schema[name];
  const usual: Said[] = declared
    ? [{ by: 'default', ...(declared.default !== undefined && { value: show(name, declared.default) }) }]
    : [];
  const winner = counting(all, name);
  if (winner === undefined) {
    const [from] = usual;
    return from && { variable: name, ...('value' in from && { value: from.value }), from, beats: [] };
  }
  const rivals = [name, ...(CONNECTION_VARS[name] ?? [])].flatMap((each) => all.get(each) ?? []);
  const said = (candidate: Candidate): Said => ({
    by: candidate.from,
    ...(candidate.name !== name && { as: candidate.name }),
    ...(candidate.position && { position: candidate.position }),
    value: show(candidate.name, listedValue(candidate.value), candidate.secret),
  });
  const beaten = rivals.filter((each) => each !== winner).reverse();
  const beats = [...beaten.map(said), ...usual.filter(({ value }) => value !== undefined)];
  const from = said(winner);
  try {
    const value = show(name, await inventory.evaluate(host, winner), winner.secret);
    return { variable: name, value, from, beats };
  } catch (error) {
    if (error instanceof QuorateError) return { variable: name, error, from, beats };
    throw error;
  }
}
