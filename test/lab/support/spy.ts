import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a spy has seen, each thing once. */
export interface Sightings {
  /** Command lines of all processes of this machine, those of a lab's hosts included. */
  readonly commands: ReadonlySet<string>;
  /** Environments of processes inside hosts. */
  readonly environments: ReadonlySet<string>;
  /** `MODE PATH` of the files in the folders that were watched. */
  readonly modes: ReadonlySet<string>;
}

const EVERY_MS = 15;

/** Looks at all processes, and at the modes of all files in `folders`, some sixty times a second. */
export function spy(folders: readonly string[]): { stop(): Sightings } {
  const [commands, environments, modes] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const own = readlinkSync('/proc/self/ns/pid');
  const look = () => {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      attempt(() => commands.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1')));
      attempt(() => {
        if (readlinkSync(`/proc/${pid}/ns/pid`) === own) return;
        environments.add(readFileSync(`/proc/${pid}/environ`, 'latin1'));
      });
    }
    for (const folder of folders) {
      attempt(() => {
        for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
          attempt(() => modes.add(`${modeOf(join(folder, name))} ${join(folder, name)}`));
        }
      });
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return { commands, environments, modes };
    },
  };
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8).padStart(4, '0');
}

/** A process or a file may be gone by the time it is looked at. */
function attempt(look: () => void): void {
  try {
    look();
  } catch {}
}
