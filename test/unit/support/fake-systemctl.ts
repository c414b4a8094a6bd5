import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SYSTEMCTL = `#!/bin/sh
dir=$(dirname -- "$0")/..
for unit; do :; done
at=$dir/$unit
begin() {
  od -An -N8 -tx8 /dev/urandom | tr -d ' ' >"$at.id"
  echo $(( ($(date +%s) - $(sed -n 's/^btime //p' /proc/stat)) * 1000000 + 500000 )) >"$at.since"
}
is() { [ -f "$at.$1" ]; }
case $1 in
  show)
    is id && active=active || active=inactive
    is enabled && enabled=enabled || enabled=disabled
    case "$*" in *LoadState*) echo "Id=$unit
LoadState=loaded
ActiveState=$active
SubState=x
UnitFileState=$enabled
FragmentPath=/lib/systemd/system/$unit
NeedDaemonReload=no
ActiveEnterTimestampMonotonic=$(cat "$at.since" 2>/dev/null)
TriggeredBy=" ;; esac
    echo "InvocationID=$(cat "$at.id" 2>/dev/null)" ;;
  restart) echo restart >>"$dir/log"; begin ;;
  reload-or-restart) echo reload >>"$dir/log" ;;
  enable) : >"$at.enabled" ;;
esac
exit 0
`;

/** A `systemctl` that only remembers what was asked of it: `path` goes before all others. */
export function fakeSystemctl(dir: string) {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'systemctl'), SYSTEMCTL);
  chmodSync(join(bin, 'systemctl'), 0o755);
  const log = join(dir, 'log');
  return {
    path: `${bin}:${process.env.PATH}`,
    /** What was done since it was asked last. */
    done(): readonly string[] {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
      rmSync(log, { force: true });
      return lines;
    },
    /** The record that a later start begins without. */
    startedByHand(unit: string): void {
      writeFileSync(join(dir, `${unit}.id`), 'byhand\n');
      const now = Date.now() / 1000;
      const booted = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
      writeFileSync(join(dir, `${unit}.since`), `${Math.round((now - booted) * 1e6)}\n`);
    },
  };
}
