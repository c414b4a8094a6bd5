import type { QuorumChange } from '../../../dsl/step.ts';
import { type Deed, hostOf, type Refused, titleOf } from './deed.ts';
import { foresee, tallyOf } from './foresee.ts';
import { misspelt } from './misspelt.ts';
import { nextDeed } from './next-deed.ts';
import { type Difference, differencesOf, type ListedMember, meant, type Scene, saidOf } from './scene.ts';

export interface PlannedStep {
  readonly deed: Deed;
  readonly host: string;
  readonly title: string;
  readonly ledger: QuorumChange;
}

export type Planned = { readonly steps: readonly PlannedStep[] } | { readonly refused: Refused };

/** More than any cluster takes: a list that does not end is a fault of ours. */
const MAX_STEPS = 200;

/**
 * The steps from what a cluster is to what the inventory and the user's words want, one after another, each from what
 * the one before will have made of it; or why not. One that is refused later on refuses them all. `isFirst`: nothing was
 * done yet, so that a word that means nobody is a slip, and not one whom this run has removed.
 */
export function stepsOf(scene: Scene, isFirst = true): Planned {
  const open = unsaid(scene, isFirst);
  if (open) return { refused: open };
  const steps: PlannedStep[] = [];
  let now = scene;
  for (;;) {
    const deed = nextDeed(now);
    if (deed === undefined) return { steps };
    if ('message' in deed) return { refused: deed };
    if (steps.length === MAX_STEPS) throw new Error(`${scene.cluster}: more than ${MAX_STEPS} steps`);
    const after = foresee(now, deed);
    steps.push({
      deed,
      host: hostOf(deed, now),
      title: titleOf(deed),
      ledger: { before: tallyOf(now), after: tallyOf(after) },
    });
    now = after;
  }
}

/** Differences that only the user's word may close: somebody would leave. */
function unsaid(scene: Scene, isFirst: boolean): Refused | undefined {
  const { listed, words } = scene;
  if (listed.length === 0) {
    return {
      message: 'no member answers: members can only be changed while there is a quorum',
      noQuorum: true,
    };
  }
  const wrong = isFirst ? misspelt(scene) : undefined;
  if (wrong) return { message: `nobody is called ${wrong.word}`, hint: `did you mean ${wrong.near}?` };
  const said = [...words.remove, ...words.replace];
  const isSaid = (member: ListedMember) => said.some((word) => meant(word, scene) === member);
  const open = differencesOf(scene).filter(
    (one) => (one.sign === '-' || one.sign === '↻') && !isSaid(one.member),
  );
  // One that works may wait for its word while others have theirs.
  const [first] = open.filter((one) => said.length === 0 || ('member' in one && !one.member.healthy));
  return (
    first &&
    wantsWord(
      first,
      open,
      differencesOf(scene).some(({ sign }) => sign === '+'),
    )
  );
}

function wantsWord(first: Difference, open: readonly Difference[], comes: boolean): Refused {
  const lines = open.map((one) => `  ${saidOf(one)}`).join('\n');
  if (first.sign === '↻') {
    return {
      host: first.place.host,
      message: `no member is removed unless you name it; none must be started without its data:\n${lines}`,
      say: `--replace ${first.place.host}`,
      hint: 'if its data lies elsewhere, bring it back there instead',
    };
  }
  const member = 'member' in first ? first.member : undefined;
  const word = comes && member?.healthy === false ? 'replace' : 'remove';
  return {
    message: `no member is removed unless you name it:\n${lines}`,
    say: `--${word} ${member?.name || member?.id}`,
    hint: 'or put its host back into the inventory',
  };
}
