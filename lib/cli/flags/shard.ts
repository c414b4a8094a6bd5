import { createHash } from 'node:crypto';
import type { Playbook } from '../../dsl/play.ts';
import type { Vars } from '../../dsl/role.ts';
import { EXIT, QuorateError } from '../../errors.ts';

/** `--shard 2/5`: the second of five parts of an inventory. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** Reads `2/5`. Throws exit code 1 for anything else. */
export function parseShard(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined;
  const [index = 0, of = 0] = /^\d+\/\d+$/.test(text) ? text.split('/').map(Number) : [];
  if (isShard({ index, of })) return { index, of };
  throw new QuorateError(
    `--shard takes a part and how many there are, as in 2/5, not ${JSON.stringify(text)}`,
    {
      exitCode: EXIT.usage,
      hint: 'the first is 1',
    },
  );
}

export function isShard({ index, of }: Readonly<Record<keyof Shard, unknown>>): boolean {
  const isWhole = Number.isInteger(index) && Number.isInteger(of);
  return isWhole && Number(index) >= 1 && Number(index) <= Number(of) && Number(of) <= 10_000;
}

/**
 * Names of the hosts of one part. What belongs together (the hosts of a cluster) goes by its common name, any other host
 * by its own: each is in one part, on every machine the same, whatever else the inventory has.
 */
export function hostsOfShard(
  plays: Playbook['plays'],
  hosts: (pattern: string) => readonly { readonly name: string; readonly vars: Vars }[],
  { index, of }: Shard,
): ReadonlySet<string> {
  const keys = new Map<string, string>();
  for (const play of plays) {
    const all = hosts(play.hosts);
    const hostvars = Object.fromEntries(all.map(({ name, vars }) => [name, vars]));
    for (const { name, vars } of all) {
      const together = play.together?.({ name, vars, hostvars });
      if (together !== undefined || !keys.has(name)) keys.set(name, together ?? name);
    }
  }
  return new Set([...keys].flatMap(([name, key]) => (partOf(key, of) === index ? [name] : [])));
}

function partOf(key: string, of: number): number {
  return (createHash('sha256').update(key).digest().readUIntBE(0, 6) % of) + 1;
}
