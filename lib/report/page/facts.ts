import type { ToldFacts } from '../../dsl/host-facts.ts';
import { foldHosts } from '../hosts.ts';
import { count } from '../text.ts';
import { type Html, html } from './html.ts';
import type { Told } from './told.ts';

/** Hosts by what was read of them: a fact, its values, and who has each. */
type Facts = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** What was read of the hosts: a row a fact, folded where hosts differ, so that the odd one out shows. */
export function facts(told: Told): Html | undefined {
  const all = factsOf(told);
  if (all.size === 0) return undefined;
  return html`<section id=facts><h2>Facts</h2>${[...all].map(([name, values]) => fact(name, values))}</section>`;
}

function fact(name: string, values: ReadonlyMap<string, readonly string[]>): Html {
  const hosts = [...values.values()].flat();
  const [[only] = []] = values;
  const said = values.size === 1 ? only : `${values.size} different`;
  const rows = [...values].map(
    ([value, own]) => html`<li>${value} <span class=n>${foldHosts(own)}</span></li>`,
  );
  return html`<details class=f data-q="${hosts.join(' ')}"><summary><span class=t>${name}</span> <span class=n>${said} · ${count(hosts.length, 'host')}</span></summary><div class=b><ul>${rows}</ul></div></details>`;
}

/** The last word on a host counts; values that most hosts have come first. */
function factsOf({ events, hosts }: Told): Facts {
  const last = new Map(
    events.flatMap((one) => (one.event === 'facts' ? [[one.host, one.facts] as const] : [])),
  );
  const facts = new Map<string, Map<string, string[]>>();
  for (const host of hosts.keys()) {
    for (const [name, value] of Object.entries(last.get(host) ?? {})) {
      const values = facts.get(name) ?? new Map<string, string[]>();
      const text = factText(value);
      facts.set(name, values.set(text, [...(values.get(text) ?? []), host]));
    }
  }
  const byCount = ([, a]: [string, string[]], [, b]: [string, string[]]) => b.length - a.length;
  return new Map([...facts].map(([name, values]) => [name, new Map([...values].sort(byCount))]));
}

function factText(value: ToldFacts[string]): string {
  if (typeof value !== 'object') return String(value) || 'none';
  return value.length === 0 ? 'none' : value.join(', ');
}
