import { oneLine } from '../dsl/edit.ts';
import { groundReads, type Place, parsePlace, requireFolder } from '../dsl/ground.ts';
import { broughtBy } from '../dsl/made.ts';
import { is, must } from '../dsl/options.ts';
import { requireRoom, sha256 } from '../dsl/path.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { joinSh, sh } from '../dsl/sh.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface SysctlOptions {
  /** One number, or several with white space between: tabs and spaces are the same. */
  readonly value: string | number;
}

interface SysctlDesired {
  readonly key: string;
  readonly value: string;
  /** Where the kernel has it. */
  readonly live: string;
  /** What sets it at boot. */
  readonly path: string;
}

interface ObservedValue extends Place {
  /** undefined: this kernel has no such value. */
  readonly live: string | undefined;
}

/**
 * A value of the kernel, now and after a boot, from a file of its own that comes behind the others.
 *
 * @example
 * sysctl('net.ipv4.tcp_rmem', { value: '4096 131072 6291456' })
 */
export const sysctl = defineResource<SysctlOptions, SysctlDesired, ObservedValue>({
  kind: 'sysctl',
  options: { value: must(is.either(is.text, is.number)) },
  complete(name, { value }) {
    // With slashes a dot is part of a name: net/ipv4/conf/eth0.1/forwarding.
    const parts = name.includes('/') ? name.split('/') : name.split('.');
    if (parts.length < 2 || parts.some((part) => !/^[\w.:@-]+$/.test(part) || /^\.+$/.test(part)))
      throw noKey(name);
    return {
      key: parts.join('/'),
      value: spaced(oneLine('value', String(value))),
      live: `/proc/sys/${parts.join('/')}`,
      path: `/etc/sysctl.d/99-zz-${parts.join('-')}.conf`,
    };
  },
  name: ({ key }) => key,
  title: ({ key, value }) => `${key} is ${value}`,
  owns: ({ path }) => [path],
  leaves: ({ path, ...desired }, changes) =>
    broughtBy({ kind: 'file', name: path, digest: sha256(contentOf(desired)) }, changes, 'at boot'),
  probe: ({ path, live, ...desired }) =>
    probe(
      [{ path, how: 'text', unless: sha256(contentOf(desired)) }, ...groundReads(path, {})],
      sh`if [ -e ${live} ]; then echo "live $(cat ${live})"; fi`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const live = /^live ([\s\S]*)$/.exec(parts.at(-1) ?? '')?.[1];
    return { ...parsePlace(parts), live };
  },
  diff(desired, { at, live, ground }, world) {
    const { path, key, value } = desired;
    const content = contentOf(desired);
    const found = world.path(path).over(at);
    requireRoom(path, 'file', found);
    if (live === undefined && !world.bringsMore) throw unknownKey(key);
    const certainty = live === undefined ? 'conditional' : 'certain';
    const text = { before: found?.text ?? '', after: content };
    const kind = found === undefined ? 'create' : 'update';
    const boot: Difference = {
      kind,
      property: 'at boot',
      before: found ? 'another' : null,
      after: value,
      text,
    };
    const now: Difference = {
      kind: 'update',
      property: 'now',
      before: live ?? null,
      after: value,
      certainty,
    };
    const written = found?.sha256 === sha256(content);
    if (!written) requireFolder(path, ground, world);
    return [...(written ? [] : [boot]), ...(live !== undefined && spaced(live) === value ? [] : [now])];
  },
  foresee(desired, _observed, _changes, world) {
    const text = contentOf(desired);
    world.path(desired.path).willBe({ type: 'file', mode: '0644', sha256: sha256(text), text });
  },
  apply: (desired, changes) =>
    joinSh([
      sh`printf %s ${contentOf(desired)} | q_write ${desired.path} 0644 '' '' || exit`,
      ...(changes.some(({ property }) => property === 'now')
        ? [sh`printf '%s\n' ${desired.value} >${desired.live}`]
        : []),
    ]),
});

function contentOf({ key, value }: Pick<SysctlDesired, 'key' | 'value'>): string {
  return `${key} = ${value}\n`;
}

function spaced(value: string): string {
  return value.trim().split(/\s+/).join(' ');
}

function noKey(name: string): QuorateError {
  return new QuorateError(`${JSON.stringify(name)} is no value of the kernel`, {
    exitCode: EXIT.usage,
    hint: "write it like 'net.ipv4.ip_forward'",
  });
}

function unknownKey(key: string): QuorateError {
  return new QuorateError(`cannot set ${key}: this kernel has no such value`, {
    exitCode: EXIT.failed,
    hint: 'is the module loaded that brings it?',
  });
}
