import type { About } from '../about.ts';
import type { Remedy } from '../remedies.ts';

/** One thing that can be wrong with a cluster. */
export interface Cause {
  readonly id: string;
  /** What is wrong, as a sentence about `it`: the host, when one is known. */
  readonly title: string;
  /** What puts it right where evidence knows nothing better; nothing that a playbook of ours would refuse. */
  readonly next: (about: About) => Remedy;
  /** A new member comes in the place of the one that it is about. */
  readonly replaces?: true;
  /** It usually follows from another cause: told last, and as such. */
  readonly follows?: true;
}
