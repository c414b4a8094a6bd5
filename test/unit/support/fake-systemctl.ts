import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SYSTEMCTL = `#!/bin/sh
dir=$(dirname -- "$0")/..
for asked; do :; done
unit=$(cat "$dir/$asked.is" 2>/dev/null) || unit=$asked
at=$dir/$unit
begin() {
  od -An -N8 -tx8 /dev/urandom | tr -d ' ' >"$at.id"
  echo $(( ($(date +%s) - $(sed -n 's/^btime //p' /proc/stat)) * 1000000 + 500000 )) >"$at.since"
}
is() { [ -f "$at.$1" ]; }
case $1 in
  show)
    shift
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
TriggeredBy=" ;;
      *ActiveState*UnitFileState*) echo "Id=$unit
ActiveState=$active
UnitFileState=$enabled" ;;
      '-p Id '[!-]*) echo "Id=$unit"; exit ;; esac
    echo "InvocationID=$(cat "$at.id" 2>/dev/null)" ;;
  restart) echo restart >>"$dir/log"; begin ;;
  reload-or-restart) echo reload >>"$dir/log" ;;
  enable) : >"$at.enabled" ;;
  disable) rm -f "$at.enabled" ;;
  stop) echo stop >>"$dir/log"; rm -f "$at.id" ;;
  is-enabled) [ "$asked" = "$unit" ] && is enabled && echo enabled || echo alias ;;
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
    /** Another name of a unit. */
    alias(name: string, unit: string): void {
      writeFileSync(join(dir, `${name}.is`), unit);
    },
    /** Whether a unit runs, and starts at boot. */
    state(unit: string): readonly boolean[] {
      return ['id', 'enabled'].map((one) => existsSync(join(dir, `${unit}.${one}`)));
    },
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
