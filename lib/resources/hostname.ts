import { requireReplaceable, requireRoom, sha256 } from '../dsl/path.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { joinSh, sh } from '../dsl/shell/sh.ts';
import { groundReads, type Place, parsePlace, requireFolder } from '../dsl/world/ground.ts';
import { EXIT, QuorateError } from '../errors.ts';

interface ObservedName extends Place {
  readonly live: string;
}

const PATH = '/etc/hostname';

/**
 * The name of the host, now and after a boot. Its entry in `/etc/hosts`, if it needs one, is a `hostsEntry`.
 *
 * @example
 * hostname('web1.example.org')
 */
export const hostname = defineResource<object, { readonly host: string }, ObservedName>({
  kind: 'hostname',
  options: {},
  complete(host) {
    const label = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
    if (new RegExp(`^${label}(?:\\.${label})*$`).test(host) && host.length <= 64) return { host };
    throw new QuorateError(`${JSON.stringify(host)} is not the name of a host`, {
      exitCode: EXIT.usage,
      hint: 'letters, digits and -, with dots between; 64 at most',
    });
  },
  name: ({ host }) => host,
  title: ({ host }) => `the host is called ${host}`,
  // A host has one.
  thing: () => 'hostname',
  owns: () => [PATH],
  probe: () =>
    probe([{ path: PATH, how: 'text' }, ...groundReads(PATH, {})], sh`printf 'live %s\n' "$(uname -n)"`),
  parse({ out }) {
    const parts = partsOf(out);
    return { ...parsePlace(parts), live: /^live (.*)$/m.exec(parts.at(-1) ?? '')?.[1] ?? '' };
  },
  diff({ host }, { at, live, ground }, world) {
    const found = world.path(PATH).over(at);
    requireRoom(PATH, 'file', found);
    const kept = found?.text
      ?.split('\n')
      .find((line) => line.trim() !== '' && !line.startsWith('#'))
      ?.trim();
    if (kept !== host) {
      requireFolder(PATH, ground, world);
      requireReplaceable(PATH, found, world);
    }
    const boot: Difference = { kind: 'update', property: 'at boot', before: kept ?? null, after: host };
    const now: Difference = { kind: 'update', property: 'now', before: live, after: host };
    return [...(kept === host ? [] : [boot]), ...(live === host ? [] : [now])];
  },
  foresee: ({ host }, _observed, _changes, world) => {
    const text = `${host}\n`;
    world.path(PATH).willBe({ type: 'file', mode: '0644', text, sha256: sha256(text) });
  },
  apply({ host }, changes) {
    const isDue = (property: string) => changes.some((change) => change.property === property);
    return joinSh([
      ...(isDue('at boot') ? [sh`printf '%s\n' ${host} | q_write ${PATH} 0644 '' '' || exit`] : []),
      ...(isDue('now')
        ? [
            sh`if command -v hostname >/dev/null; then hostname ${host}; else printf %s ${host} >/proc/sys/kernel/hostname; fi`,
          ]
        : []),
    ]);
  },
});
