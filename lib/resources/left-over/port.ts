import { requireAnswer } from '../../dsl/answer.ts';
import type { Kept } from '../../dsl/ledger.ts';
import type { LeftOver } from '../../dsl/left-over.ts';
import { MARK } from '../../dsl/probe.ts';
import type { Difference } from '../../dsl/resource.ts';
import { sh } from '../../dsl/sh.ts';
import type { Change } from '../../dsl/task.ts';
import { findFirewall, parseFound } from '../firewall/means.ts';
import { reversed } from '../firewall/rules.ts';
import { changeShared, probeShared, sharedDifferences } from '../firewall/shared.ts';
import { completeFirewall } from '../firewall/wish.ts';
import { taking } from './taking.ts';

/** A port that firewalld or ufw lets somebody in at: that rule goes, and no other. */
export function leftPort(made: Kept): LeftOver {
  const [, port, protocol, from = ''] = /^(\d+)\/(tcp|udp) from (\S+)$/.exec(made.name) ?? [];
  const wish = completeFirewall('left-over', {
    state: 'absent',
    ports: [
      { port: Number(port), protocol: protocol as 'tcp' | 'udp', sources: from === 'any' ? from : [from] },
    ],
  });
  let due: readonly Difference[] = [];
  const changes = () => due.map((one): Change => ({ certainty: 'certain', ...one, resource: made.name }));
  return taking(made, {
    probe: sh`${findFirewall([])}
q_part shared
${probeShared([])}`,
    judge({ code, out }) {
      const [found = '', shared = ''] = out.split(new RegExp(`^${MARK}shared$`, 'm'));
      requireAnswer({ code, out: shared || found }, 'the rules of the firewall');
      const { backend } = parseFound(found);
      if (backend !== 'firewalld' && backend !== 'ufw') return INACTIVE;
      due = sharedDifferences(backend, wish, shared);
      return due.length === 0 ? 'gone' : { property: 'rule', before: 'accept' };
    },
    foresee: () => {},
    apply: () => changeShared(changes()),
    guard: { save: sh`:`, undo: () => changeShared(changes().map(reversed)) },
  });
}

/** Its rules are kept, and hold again once it is started. */
const INACTIVE = { why: 'its firewall is not active' } as const;
