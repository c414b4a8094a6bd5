import { isIP } from 'node:net';
import { numericAddress } from '../addresses.ts';
import { completeEdit, defineEdit, type Edited, linesOf, oneLine, textOfLines } from '../dsl/edit.ts';
import { is, must } from '../dsl/options/options.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface HostsEntryOptions {
  readonly address: string;
  /** Further names of the same address. */
  readonly aliases?: readonly string[];
  /** `/etc/hosts` unless said. */
  readonly file?: string;
}

interface HostsEntryDesired extends Edited {
  readonly address: string;
  readonly names: readonly string[];
}

/**
 * Names of an address in `/etc/hosts`. Of other lines of the same family (IPv4, IPv6) these names are taken away, and
 * nothing else: the name has one address in each. A line of the address that begins with an alias gets the name in front,
 * which is what `hostname -f` says then. As for whoever looks a name up, its case and the spelling of an
 * address make no difference.
 *
 * @example
 * hostsEntry('db.internal', { address: '10.0.0.7', aliases: ['db'] })
 */
export const hostsEntry = defineEdit<HostsEntryOptions, HostsEntryDesired>({
  kind: 'hosts-entry',
  options: { address: must(is.text), aliases: is.list(is.text), file: is.text },
  name: ({ names: [name = ''], address }) => `${folded(name)} IPv${isIP(address)}`,
  title: ({ names: [name = ''], address }) => `${name} is ${address}`,
  complete(name, { address, aliases = [], file = '/etc/hosts' }) {
    if (isIP(address) === 0) throw wrong(`${JSON.stringify(address)} is not an IP address`);
    const names = [name, ...aliases].map((one) => oneLine('host name', one));
    for (const one of names) if (/[\s#]/.test(one)) throw wrong(`${JSON.stringify(one)} is not a host name`);
    return { ...completeEdit(file, { create: true }), address, names };
  },
  lines: ({ address, names }) => [[address, ...names].join(' ')],
  edit(text, { address, names }) {
    const family = isIP(address);
    const wanted = new Set(names.map(folded));
    const isOurs = (name: string) => wanted.has(folded(name));
    const [first = ''] = names;
    const isFirst = (name: string) => folded(name) === folded(first);
    const isAlias = (name: string) => isOurs(name) && !isFirst(name);
    let missing = [...names];
    let changed = false;
    const lines = linesOf(text).flatMap((line) => {
      const [entry = '', at = ''] = /^\s*([^\s#]+)[^#]*/.exec(line) ?? [];
      if (at === '' || isIP(at) !== family) return [line];
      const listed = entry.trim().split(/\s+/).slice(1);
      if (numericAddress(at) === numericAddress(address)) {
        const there = new Set(listed.map(folded));
        missing = missing.filter((name) => !there.has(folded(name)));
        if (!isAlias(listed[0] ?? '')) return [line];
        changed = true;
        missing = missing.filter((name) => !isFirst(name));
        return [`${withFirst(withoutNames(entry, isFirst), first)}${line.slice(entry.length)}`];
      }
      const left = listed.filter((name) => !isOurs(name));
      if (left.length === listed.length) return [line];
      changed = true;
      // Only the names that move go: white space and comment stay.
      return left.length === 0 ? [] : [`${withoutNames(entry, isOurs)}${line.slice(entry.length)}`];
    });
    if (missing.length === 0 && !changed) return text;
    const added = [first, ...missing.filter((name) => !isFirst(name))];
    return textOfLines(missing.length === 0 ? lines : [...lines, [address, ...added].join(' ')]);
  },
});

function withFirst(entry: string, name: string): string {
  return entry.replace(/^\s*\S+\s+/, (address) => `${address}${name} `);
}

function withoutNames(entry: string, goes: (name: string) => boolean): string {
  return entry.replace(/(?<!\s)\s+(\S+)/g, (word, name: string) => (goes(name) ? '' : word));
}

function folded(name: string): string {
  return name.toLowerCase();
}

function wrong(message: string): QuorateError {
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    hint: "write it like '10.0.0.7' and 'db.internal'",
  });
}
