import { oneLine } from '../dsl/edit.ts';
import { broughtBy } from '../dsl/ledger/made.ts';
import { is, must, usage } from '../dsl/options/options.ts';
import { requireRoom, sha256 } from '../dsl/path.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { partsOf, probe } from '../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../dsl/shell/sh.ts';
import { groundReads, type Place, parsePlace, requireFolder } from '../dsl/world/ground.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface SysctlOptions {
  /** One number, or several with white space between: tabs and spaces are the same. `''` empties a list of ports, or a text. */
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
  /** Nobody here may set it, as in a container. */
  readonly sealed: boolean;
  /** Nobody here may read it. */
  readonly hidden: boolean;
}

/**
 * A value of the kernel, now and after a boot, from a file of its own that comes behind the others. One that the kernel
 * refuses does not get into that file. What can only be written, as `net.ipv4.route.flush`, is a `command`.
 *
 * @example
 * sysctl('net.ipv4.tcp_rmem', { value: '4096 131072 6291456' })
 */
export const sysctl = defineResource<SysctlOptions, SysctlDesired, ObservedValue>({
  kind: 'sysctl',
  options: { value: must(is.either(is.text, is.number)) },
  complete(name, { value }) {
    if (typeof value === 'number' && !isExact(value)) throw inexact(name, value);
    const parts = partsOfKey(name);
    if (parts.length < 2 || parts.some((part) => !/^[\w.:@-]+$/.test(part) || /^\.+$/.test(part)))
      throw noKey(name);
    return {
      key: parts.join('/'),
      value: value === '' ? '' : spaced(oneLine('value', String(value))),
      live: `/proc/sys/${parts.join('/')}`,
      // After `99-sysctl.conf`, and after those without a number: `k8s.conf`.
      path: `/etc/sysctl.d/zz-${parts.join('-')}.conf`,
    };
  },
  name: ({ key }) => key,
  title: ({ key, value }) => `${dotted(key)} is ${value === '' ? 'empty' : value}`,
  owns: ({ path }) => [path],
  traces: ({ path, ...desired }, changes) =>
    broughtBy({ kind: 'file', name: path, digest: sha256(contentOf(desired)) }, changes, 'at boot'),
  probe: ({ path, live, ...desired }) =>
    probe(
      [{ path, how: 'text', unless: sha256(contentOf(desired)) }, ...groundReads(path, {})],
      sh`if [ -e ${live} ]; then [ -w ${live} ] || echo sealed; [ -r ${live} ] || echo hidden; echo "live $(cat ${live} 2>/dev/null)"; fi`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    const live = /^live ([\s\S]*)$/m.exec(own)?.[1];
    const says = (word: string) => new RegExp(`^${word}$`, 'm').test(own.slice(0, own.indexOf('live ')));
    return { ...parsePlace(parts), live, sealed: says('sealed'), hidden: says('hidden') };
  },
  diff(desired, { at, live, ground, sealed, hidden }, world) {
    const { path, key, value } = desired;
    const content = contentOf(desired);
    const found = world.path(path).over(at);
    requireRoom(path, 'file', found);
    if (live === undefined && !world.bringsMore) throw unknownKey(key);
    if (hidden) throw isHidden(key);
    if (value === '' && isNumbers(key, live)) throw noneEmpty(key);
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
    if (live !== undefined && isSame(key, live, value)) return written ? [] : [boot];
    if (sealed) throw cannotSet(key);
    return [...(written ? [] : [boot]), now];
  },
  foresee(desired, _observed, _changes, world) {
    const text = contentOf(desired);
    world.path(desired.path).willBe({ type: 'file', mode: '0644', sha256: sha256(text), text });
  },
  // First to the kernel, which may refuse it: it would be tried again at each boot.
  apply: (desired, changes) =>
    joinSh([
      ...(changes.some(({ property }) => property === 'now') ? [setNow(desired)] : []),
      sh`printf %s ${contentOf(desired)} | q_write ${desired.path} 0644 '' ''`,
    ]),
});

function setNow({ key, value, live }: SysctlDesired): Sh {
  return sh`{ printf '%s\n' ${value} >${live}; } 2>/dev/null || { echo ${`the kernel does not take ${value || 'nothing'} for ${dotted(key)}`}; exit 1; }`;
}

function contentOf({ key, value }: Pick<SysctlDesired, 'key' | 'value'>): string {
  return `${key} = ${value}\n`;
}

/**
 * The parts of a key, as sysctl.d(5) has it: what stands first, a dot or a slash, parts it; after a dot the other one
 * stands for a dot in a name: `net.ipv4.conf.eth0/1.forwarding`, `net/ipv4/conf/eth0.1/forwarding`.
 */
function partsOfKey(name: string): readonly string[] {
  if (/[./]/.exec(name)?.[0] === '/') return name.split('/');
  return name.split('.').map((part) => part.replaceAll('/', '.'));
}

/** A key in the form that people write. */
function dotted(key: string): string {
  return key
    .split('/')
    .map((part) => part.replaceAll('.', '/'))
    .join('.');
}

/**
 * The kernel tells much in a form of its own: ports `1,2,4` as `1-2,4`, a number `0x10` as `16`, and names of congestion
 * control in its own order.
 */
function isSame(key: string, live: string, value: string): boolean {
  const found = spaced(live);
  if (found === value) return true;
  const forms = key.endsWith('_congestion_control') ? [sortedWords] : [rangesIn, numbersIn];
  return forms.some((form) => form(found) !== undefined && form(found) === form(value));
}

function sortedWords(value: string): string {
  return value.split(' ').sort().join(' ');
}

/** Numbers in decimal, read as the kernel does: with `0x` before, or with `0` for octal. */
function numbersIn(value: string): string | undefined {
  const numbers = value.split(' ').map((word) => {
    const [, sign = '', digits = ''] = /^(-?)(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.exec(word) ?? [];
    return digits === '' ? undefined : `${sign}${BigInt(digits.replace(/^0(?=\d)/, '0o'))}`;
  });
  return numbers.includes(undefined) ? undefined : numbers.join(' ');
}

function rangesIn(value: string): string | undefined {
  if (!/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(value)) return undefined;
  const numbers = value.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  });
  return [...new Set(numbers)].sort((a, b) => a - b).join();
}

function spaced(value: string): string {
  return value.trim().split(/\s+/).join(' ');
}

/** The kernel refuses to empty what holds numbers; a list of ports may be one number, too. */
function isNumbers(key: string, live: string | undefined): boolean {
  return live !== undefined && /^[-\d\s]*\d[-\d\s]*$/.test(live) && !key.endsWith('_ports');
}

/** Whole numbers above 2⁵³ lose digits before anybody sees them. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));
}

function inexact(name: string, value: number): QuorateError {
  return usage(
    `sysctl ${JSON.stringify(name)}: value is ${value}, which is too large for a number: digits are lost`,
    `quote it, here or in the inventory: ${name}: '18446744073692774399'`,
  );
}

function noKey(name: string): QuorateError {
  return new QuorateError(`${JSON.stringify(name)} is not a value of the kernel`, {
    exitCode: EXIT.usage,
    hint: "write it like 'net.ipv4.ip_forward'",
  });
}

function unknownKey(key: string): QuorateError {
  return new QuorateError(`cannot set ${dotted(key)}: this kernel has no such value`, {
    exitCode: EXIT.failed,
    hint: 'is the module loaded that brings it?',
  });
}

function isHidden(key: string): QuorateError {
  return new QuorateError(
    `cannot set ${dotted(key)}: it may not be read here, so nobody can tell what it is`,
    {
      exitCode: EXIT.failed,
      hint: "one that starts something when it is written is a command() with changedWhen: 'always'; else become root (-b)",
    },
  );
}

function noneEmpty(key: string): QuorateError {
  return new QuorateError(`cannot empty ${dotted(key)}: it holds numbers`, {
    exitCode: EXIT.failed,
    hint: 'give it one',
  });
}

function cannotSet(key: string): QuorateError {
  return new QuorateError(`cannot set ${dotted(key)}: it may only be read here`, {
    exitCode: EXIT.failed,
    hint: 'in a container set it outside of it; else become root (-b)',
  });
}
