import type { Target } from '../../lib/dsl/role.ts';
import { Secret } from '../../lib/dsl/secret.ts';
import { PRELUDE } from '../../lib/dsl/shell/prelude.ts';
import { joinSh, quote, raw } from '../../lib/dsl/shell/sh.ts';
import type { Change, Prepared, Task } from '../../lib/dsl/task.ts';
import { World } from '../../lib/dsl/world/world.ts';
import { QuorateError } from '../../lib/errors.ts';
import { type EtcdFacts, etcdFacts } from '../../lib/etcd/facts/index.ts';
import { readMember } from '../../lib/etcd/facts/read-member.ts';
import { recordCommand } from '../../lib/etcd/files/unit.ts';
import { probePorts } from '../../lib/etcd/health/ports.ts';
import { memberOf } from '../../lib/etcd/model/cluster.ts';
import { LaterContent } from '../../lib/resources/content/later.ts';
import { newMarker } from '../../lib/transport/launcher.ts';
import { binaries } from '../../roles/binaries.ts';
import { certs } from '../../roles/certs.ts';
import { config } from '../../roles/config.ts';
import { firewall } from '../../roles/firewall.ts';
import { systemd } from '../../roles/systemd.ts';
import { type Ground, runShell } from './ground.ts';

const ROLES = [firewall, certs, binaries, config, systemd];

/** What `prepare` would give to any task, without its work. */
const PREPARED: Prepared = {
  values: {
    certPem: 'certificate\n',
    keyPem: new Secret('key of nobody\n'),
    record: '3.5.16 fuzz\n',
    files: `etcd ${'0'.repeat(64)}`,
  },
};

/** All shell that a run would send to a bare host: facts, probes, applies, the questions to a member. */
export function fragmentsOf(target: Target<EtcdFacts>): readonly string[] {
  const member = memberOf(target);
  const world = new World();
  const tasks = ROLES.flatMap((role) => role.tasks(target));
  return [
    etcdFacts.probe(target).text,
    readMember(member).text,
    probePorts([member]).text,
    recordCommand(member).text,
    ...tasks.flatMap((task) => [...(task.probe ? [task.probe.text] : []), ...applyOf(task, world)]),
  ];
}

/** A probe that fails says of some things that they are absent, of others that nothing is known. */
function changesOf(task: Task, world: World): readonly Change[] {
  try {
    return task.diff({ code: 1, out: '' }, world);
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    // Without anything to filter with a firewall is an error, too.
    const out = task.resource.startsWith('firewall:') ? 'firewall nftables\nsystemd\n' : '';
    return task.diff({ code: 0, out }, world);
  }
}

/** On a bare host everything differs. A task that relies on another role's work stops here, as it should. */
function applyOf(task: Task, world: World): readonly string[] {
  try {
    const wish = task.wish as { readonly content?: unknown };
    if (wish.content instanceof LaterContent) wish.content.value = 'made';
    const changes = changesOf(task, world);
    return changes.length > 0 ? [task.apply(changes, PREPARED).text] : [];
  } catch (error) {
    if (error instanceof QuorateError) return [];
    throw error;
  }
}

/** Commands that write down what they were given, and do nothing. */
const COMMANDS =
  `adduser addgroup base64 bash cat chmod chown cp curl cut date dd df getent grep groupadd head id
iptables iptables-save journalctl ln ls mkdir mv nc nft od ps readlink restorecon rm rmdir sed setsid sha256sum sort stat
sync systemctl tail timeout touch tr uname useradd usermod wc`
    .split(/\s+/)
    .filter((name) => !name.includes('-'));

const STUBS = `PATH=/nonexistent
${COMMANDS.map((name) => `${name}() { printf '%s\\0' ${name} "$@" >&9; }`).join('\n')}
sleep() { exit 99; }
q_adopt() { printf '%s\\0' q_adopt "$@" >&9; }
q_write() { printf '%s\\0' q_write "$@" >&9; { while IFS= read -r q_l || [ -n "$q_l" ]; do printf '%s\\n' "$q_l"; done; printf '\\0'; } >&9; }`;

/** Runs each script's fragments by a shell; gives all that their commands were given, one text a script. */
export async function recorded(
  ground: Ground,
  shell: readonly string[],
  scripts: readonly (readonly string[])[],
): Promise<readonly string[]> {
  const marker = newMarker();
  const calls = scripts.map((fragments) => {
    const runs = fragments.map((text) => `(eval ${quote(text)}) </dev/null >/dev/null 2>&1`);
    return raw([...runs, `printf '%s\\0' ${quote(marker)} >&9`].join('\n'));
  });
  const state = `q_state=${quote(`${ground.dir}/state`)} q_state_now=active q_version=3.5.16`;
  const script = joinSh([raw('exec 9>&1'), raw(PRELUDE), raw(STUBS), raw(state), ...calls]);
  const out = await runShell(ground, shell, script.text);
  const parts = out.toString('utf8').split(`${marker}\0`);
  if (parts.length !== scripts.length + 1) {
    throw new Error(`${shell}: ${scripts.length} scripts, and ${parts.length - 1} of them came to their end`);
  }
  return parts.slice(0, -1);
}
