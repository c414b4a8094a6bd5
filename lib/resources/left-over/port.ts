import { requireAnswer } from '../../dsl/common/answer.ts';
import type { LeftOver } from '../../dsl/ledger/left-over.ts';
import type { Kept } from '../../dsl/ledger/records.ts';
import type { Difference } from '../../dsl/resource.ts';
import { MARK } from '../../dsl/shell/probe.ts';
import { sh } from '../../dsl/shell/sh.ts';
import type { Change } from '../../dsl/task.ts';
import { findFirewall, parseFound } from '../firewall/means.ts';
import { reversed } from '../firewall/rules.ts';
import { changeShared, probeShared, sharedDifferences } from '../firewall/shared.ts';
import { completeFirewall } from '../firewall/wish.ts';
import { taking } from './taking.ts';

/**
 * A port that firewalld or ufw lets somebody in at: that rule goes, and no other. In firewalld it is one of the zones on
 * record; what has none is of ufw.
 */
export function leftPort(made: Kept): LeftOver {
  const [, port, protocol, from = ''] = /^(\d+)\/(tcp|udp) from (\S+)$/.exec(made.name) ?? [];
  const wish = completeFirewall('left-over', {
    state: 'absent',
    ports: [
      { port: Number(port), protocol: protocol as 'tcp' | 'udp', sources: from === 'any' ? from : [from] },
    ],
  });
  const zones = made.digests;
  let due: readonly Difference[] = [];
  const changes = () => due.map((one): Change => ({ certainty: 'certain', ...one, resource: made.name }));
  return taking(made, {
    probe: sh`${findFirewall([])}
q_part shared
${probeShared([], zones)}`,
    judge({ code, out }) {
      const [found = '', shared = ''] = out.split(new RegExp(`^${MARK}shared$`, 'm'));
      requireAnswer({ code, out: shared || found }, 'the rules of the firewall');
      const { backend } = parseFound(found);
      const own = zones.length > 0 ? 'firewalld' : 'ufw';
      if (backend !== own) return INACTIVE;
      const open = sharedDifferences(own, { ...wish, zones }, shared);
      due = sharedDifferences(own, { ...wish, zones, isExact: true }, shared);
      // firewalld makes one range of neighbours, whoever made them.
      if (due.length < open.length) return IN_RANGE;
      return due.length === 0 ? 'gone' : { property: 'rule', before: 'accept' };
    },
    foresee: () => {},
    apply: () => changeShared(changes()),
    guard: { save: sh`:`, undo: () => changeShared(changes().map(reversed)) },
  });
}

/** Its rules are kept, and hold again once it is started. */
const INACTIVE = { why: 'its firewall is not active' } as const;

const IN_RANGE = { why: 'it is in a range of ports that its zone lets in' } as const;
