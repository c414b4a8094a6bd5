import { commandLine } from '../../../command-line.ts';
import { goOnHint, openAmong } from '../../survey/intents.ts';
import { verbLine } from '../../verb-line.ts';
import { mayInterrupt } from '../../verbs.ts';
import type { About } from './about.ts';
import { DOCTOR, type Remedy, site, start } from './remedies.ts';
import { clusterIn, type Scene } from './scene.ts';

/** Playbooks that refuse while something else is open. */
const REFUSING = ['site', 'members'] as const;

/**
 * The steps as far as they can be taken while something is open that is not finished. Where a playbook among them would
 * refuse, what comes before it must not be done either: a member that rests is started, and what is open comes first.
 */
export function whileOpen(remedy: Remedy, about: About, scene: Scene): Remedy {
  const open = openAmong(scene.all.map(({ facts }) => facts.intent));
  if (open === undefined) return remedy;
  const refusing = REFUSING.filter((verb) => verb !== open.verb && !mayInterrupt(verb, open.verb));
  if (!refusing.some((verb) => remedy.some((step) => step.includes(commandLine(verb))))) return remedy;
  const rests = !about.mayRun && about.hasData && about.member.manager === 'systemd';
  const started = rests ? [start(about)] : [];
  // What is open wants certificates that hold, and refuses without them.
  const isOfCertificates = remedy.length === 1 && remedy[0] === site(about, 'certs');
  if (isOfCertificates && mayInterrupt('issue', open.verb))
    return [verbLine('certs', clusterIn(scene), '--renew'), ...started, DOCTOR];
  return [...started, goOnHint(open, clusterIn(scene), scene.all), DOCTOR];
}
