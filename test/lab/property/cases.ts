import { type Damage, damagesOf } from './damages.ts';
import { Dice } from './dice.ts';
import { changedSettings, freshSettings, layoutOf, movedSettings, type Settings } from './settings.ts';

/** A start state and the settings of the run that meets it; whole, so that it can be repeated from its text. */
export interface Case {
  readonly start: 'bare' | 'half' | 'live';
  /** Settings before the damages; `half`: of the run that is killed. */
  readonly from: Settings;
  /** `half`: after which change the first run is killed. */
  readonly killedAfter?: number;
  readonly damages: readonly Damage[];
  readonly to: Settings;
}

/** The case of a seed. A live one goes on from the settings that the cluster has. */
export function caseOf(seed: number, hosts: readonly string[], current: Settings | undefined): Case {
  const dice = new Dice(seed);
  const start = current === undefined ? 'bare' : dice.one(STARTS);
  if (start === 'live') {
    const from = current as Settings;
    const count = dice.between(0, 5);
    const damages = damagesOf('live', count, hosts, layoutOf(from), dice);
    const to = dice.chance(0.07)
      ? movedSettings(from, dice)
      : dice.chance(0.5)
        ? changedSettings(from, dice)
        : from;
    return { start, from, damages, to };
  }
  const settings = freshSettings(dice);
  const layout = layoutOf(settings);
  if (start === 'bare') {
    return {
      start,
      from: {},
      damages: damagesOf('bare', dice.between(0, 4), hosts, layout, dice),
      to: settings,
    };
  }
  const killedAfter = dice.between(1, 55);
  return {
    start,
    from: settings,
    killedAfter,
    damages: damagesOf('live', dice.between(0, 2), hosts, layout, dice),
    to: settings,
  };
}

/** Three of four cases are drift: that is what runs meet most. */
const STARTS = ['bare', 'half', 'live', 'live', 'live', 'live', 'live', 'live'] as const;

/** The cases that are a little smaller, to find the part that fails. */
export function smaller(one: Case): readonly Case[] {
  const { damages, from, to } = one;
  const fewer = damages.map((_, i) => ({ ...one, damages: damages.filter((_, other) => other !== i) }));
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  const plainer = names.map((name) => ({ ...one, from: without(from, name), to: without(to, name) }));
  return [...fewer, ...plainer];
}

function without(settings: Settings, name: string): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name));
}

/** The case in words, for people. */
export function describeCase({ start, from, killedAfter, damages, to }: Case): string {
  const changes = Object.entries(to).filter(
    ([name, value]) => JSON.stringify(from[name]) !== JSON.stringify(value),
  );
  return [
    start === 'half' ? `half-done (killed after change ${killedAfter})` : start,
    ...damages.map(({ host, what }) => `${host}: ${what}`),
    ...changes.map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ].join('; ');
}
