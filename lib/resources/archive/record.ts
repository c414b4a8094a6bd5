import { sha256 } from '../../dsl/path.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';

interface Archive {
  readonly folder: string;
  readonly creates: string;
}

/** What the archive is told apart by, from those that come into the same folder. */
export function nameIn(folder: string, creates: string): string {
  return creates.startsWith(`${folder}/`) ? creates.slice(folder.length + 1) : creates;
}

/** In the state directory of the host. */
export function record(archive: Archive): Sh {
  return recordOf(own(archive));
}

/**
 * What was unpacked into the folder last, whatever it creates: one that is known by no name of its own, as the first of
 * another `creates`, is judged by it.
 */
export function lastRecord({ folder }: Archive): Sh {
  return recordOf(folder);
}

/** Shell that sets `q_record`. */
export function findRecord(desired: Archive): Sh {
  return sh`q_record=$(q_newest ${nameOf(own(desired))}); if [ ! -f "$q_record" ]; then q_record=$(q_newest ${nameOf(desired.folder)}); fi`;
}

function own({ folder, creates }: Archive): string {
  return `${folder}\n${creates}`;
}

function recordOf(text: string): Sh {
  return sh`"$q_state/"${nameOf(text)}`;
}

function nameOf(text: string): string {
  return `unpacked-${sha256(text).slice(0, 16)}`;
}
