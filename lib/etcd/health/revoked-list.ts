import { commandLine } from '../../command-line.ts';
import { lifeOfList } from '../../pki/index.ts';
import type { Surveyed } from '../surveyed.ts';

const DAY = 86_400_000;

/**
 * Lists of revoked certificates on hosts that have ended, or end soon: in the last quarter of their life, a week at most.
 * etcd goes by them still, whatever they say of their end, and so by nothing that was revoked since.
 */
export function listWarnings({ cluster, hosts }: Surveyed, now = Date.now()): readonly string[] {
  const lists = hosts.flatMap(({ target }) => {
    const { from, until } = lifeOfList(target.facts.kept.crl ?? Buffer.alloc(0)) ?? {};
    return from && until ? [{ host: target.name, from: from.getTime(), until: until.getTime() }] : [];
  });
  const due = lists.filter(({ from, until }) => until - now < Math.min((until - from) / 4, 7 * DAY));
  const [first] = due.sort((a, b) => a.until - b.until);
  if (first === undefined) return [];
  const names = due
    .map(({ host }) => host)
    .sort()
    .join(', ');
  const when = new Date(first.until).toISOString();
  const what = first.until <= now ? `ended ${when}` : `ends ${when}`;
  return [
    `${cluster.name}: the list of revoked certificates on ${names} ${what}: members still go by it, and know nothing that is revoked later: ${commandLine('certs')} --crl FILE takes in a newer one`,
  ];
}
