import { dirname } from 'node:path';
import { canonicalAddress } from '../../addresses.ts';
import { interfaceAddresses } from '../../dsl/common/addresses-shell.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Reading } from '../../dsl/task.ts';
import { unitPath } from '../../resources/service/systemd.ts';
import { bindsPrivileged, type Member, portsOf } from '../model/cluster.ts';

/** A listening TCP socket on one of the member's ports, and who owns it. */
export interface Listener {
  readonly port: number;
  /** As a number, canonical: `0.0.0.0` and `::` are every address. */
  readonly address: string;
  /** undefined where the login may not look into the process. */
  readonly pid: number | undefined;
  readonly program: string | undefined;
}

/** The file system under a directory, which need not exist yet. */
export interface Space {
  readonly path: string;
  readonly mount: string;
  readonly freeKiB: number;
  readonly writable: boolean;
}

/** What a host must offer before anything is written there. */
export interface HostFacts {
  /**
   * The same for all names of one machine, and for no other: the boot of its kernel, and the processes and the root file
   * system that are seen there, which tell containers apart. undefined while the member is up, whose records say whose it is.
   */
  readonly machine: string | undefined;
  /** The host's clock against this machine's; the true offset is at most `within` away. Milliseconds. */
  readonly clock: { readonly offset: number; readonly within: number } | undefined;
  /** Numeric addresses of the interfaces; empty while the member runs, which proves its own. */
  readonly addresses: readonly string[];
  /** On the member's ports, but for the member itself; empty while it is active. */
  readonly listeners: readonly Listener[];
  /** Where data, binaries, configuration and certificates go; empty while the member is up. */
  readonly space: readonly Space[];
  /** Where the binaries go, if nothing can be run from there: the mount. */
  readonly noexec: string | undefined;
  /** The lowest port that a plain process may bind; 0 where that does not matter. */
  readonly lowestPort: number;
  readonly swap: boolean;
  /** The most files a process may be allowed to open; undefined when that was not asked. */
  readonly openFiles: number | undefined;
}

/** Read-only shell, one process while the member runs. `$q_state_now` is the state of its service. */
export function hostFacts(member: Member): Sh {
  const { dataDir, binDir, configDir, certDir, walDir } = member;
  const paths = [
    dataDir,
    binDir,
    configDir,
    certDir,
    ...(walDir === undefined ? [] : [walDir]),
    ...units(member),
  ];
  return sh`echo "clock $(date +%s.%N)"
case \${q_state_now-} in active) ;; *)
  for q_path in ${paths}; do
    q_dir=$q_path
    while [ ! -e "$q_dir" ]; do q_dir=\${q_dir%/*} q_dir=\${q_dir:-/}; done
    q_can=no; if [ -w "$q_dir" ]; then q_can=yes; fi
    q_df=$(df -Pk "$q_dir" | tail -n 1)
    echo "space $q_can $q_df in $q_path"
    if [ "$q_path" = ${binDir} ]; then
      while read -r q_n q_at q_n q_options q_n; do
        if [ "$q_at" = "\${q_df##*% }" ]; then q_found=$q_options; fi
      done </proc/mounts
      case ,\${q_found-}, in *,noexec,*) echo "noexec \${q_df##*% }" ;; esac
    fi
  done
esac
case \${q_state_now-} in active) ;; *)
  ${joinSh(portsOf(member).map((port) => listeners(port, member)))}
esac
case \${q_state_now-} in active | activating) ;; *)
  echo "machine $(cat /proc/sys/kernel/random/boot_id) $(readlink /proc/self/ns/pid) $(stat -c %d:%i /)"
  { ${interfaceAddresses}
  } | sed 's/^/address /'
  q_swap=$(grep -c / /proc/swaps 2>/dev/null)
  if [ "\${q_swap:-0}" -gt 0 ]; then echo "swap yes"; fi
  ${member.manager === 'process' && bindsPrivileged(member) ? lowestPort : sh`:`}
  # Not with read: the shell asks byte by byte, and this file answers once.
  if [ -r /proc/sys/fs/nr_open ]; then echo "nr_open $(cat /proc/sys/fs/nr_open)"; fi
esac`;
}

const lowestPort = sh`if [ "$(id -u)" != 0 ]; then
    echo "lowest-port $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024)"
  fi`;

/** Where the units go. */
function units({ manager }: Member): readonly string[] {
  return manager === 'process' ? [] : [dirname(unitPath('x'))];
}

/**
 * Lines `listener PORT HEX-ADDRESS PID PROGRAM`; without ss and lsof, which not every host has. A member that is
 * starting may itself be the one.
 */
function listeners(port: number, { service }: Member): Sh {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return sh`grep -hE ${`^ *[0-9]+: [0-9A-F]+:${hex} [0-9A-F]+:0000 0A `} /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    while read -r q_n q_local q_n q_n q_n q_n q_n q_n q_n q_inode q_n; do
      q_pid=$(ls -l /proc/[0-9]*/fd 2>/dev/null | sed -n "/^\/proc/h; /socket:\[$q_inode\]/{g;s|^/proc/\([0-9]*\)/.*|\1|p;q;}")
      if [ "\${q_state_now-}" = activating ] && { [ -z "$q_pid" ] || grep -q ${`/${service}.service$`} "/proc/$q_pid/cgroup"; }; then continue; fi
      q_program=; if [ -n "$q_pid" ]; then read -r q_program <"/proc/$q_pid/comm"; fi
      echo "listener ${port} \${q_local%:*} $q_pid $q_program"
    done`;
}

/** Takes apart what `hostFacts` printed among other lines. */
export function parseHostFacts(reading: Reading): HostFacts {
  const lines = reading.out.split('\n');
  const all = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const nrOpen = Number.parseInt(all('nr_open')[0] ?? '', 10);
  return {
    machine: all('machine').find((line) => /^\S+ \S+ \S+$/.test(line)),
    clock: clockOf(all('clock')[0], reading.between),
    addresses: all('address'),
    listeners: all('listener').map(parseListener),
    space: all('space').flatMap(parseSpace),
    noexec: all('noexec')[0],
    lowestPort: Number(all('lowest-port')[0] ?? 0),
    swap: all('swap').length > 0,
    openFiles: Number.isNaN(nrOpen) ? undefined : nrOpen,
  };
}

/** The host's time was taken somewhere between the request and its response. */
function clockOf(text: string | undefined, between: Reading['between']): HostFacts['clock'] {
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d+))?/.exec(text ?? '') ?? [];
  if (seconds === undefined || between === undefined) return undefined;
  const [sent, received] = between;
  // Without `%N` the second that began counts as its middle.
  const there = Number(seconds) * 1000 + (fraction ? Number(`0.${fraction}`) * 1000 : 500);
  const within = (received - sent) / 2 + (fraction ? 0 : 500);
  return { offset: there - (sent + received) / 2, within };
}

function parseListener(line: string): Listener {
  const [port, hex = '', pid, ...program] = line.trim().split(' ');
  return {
    port: Number(port),
    address: addressOf(hex),
    pid: pid ? Number(pid) : undefined,
    program: program.join(' ') || undefined,
  };
}

/** `/proc/net/tcp` prints each 32-bit word in the machine's order; every architecture of etcd is little-endian but s390x. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.slice(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 255));
  if (mapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((bytes[i * 2] ?? 0) * 256 + (bytes[i * 2 + 1] ?? 0)).toString(16),
  );
  return canonicalAddress(groups.join(':'));
}

function parseSpace(line: string): readonly Space[] {
  const [, can, free, mount, path] =
    /^(yes|no) .* \d+ +\d+ +(\d+) +[\d-]+%? +(\/.*) in (\/.*)$/.exec(line) ?? [];
  if (free === undefined || mount === undefined || path === undefined) return [];
  return [{ path, mount, freeKiB: Number(free), writable: can === 'yes' }];
}
