import { isIP } from 'node:net';
import { formatPosition, type Position } from '../../errors.ts';
import { type JsonValue, readJson } from '../json.ts';
import { type KeyType, keyType } from '../keys.ts';
import { alternativeName } from '../names.ts';
import type { SubjectAttribute } from '../profile.ts';
import { duration, positive } from './cfssl-signing.ts';

/** A certificate request as the file has it. */
export interface CertificateRequest {
  readonly position: Position;
  readonly subject: readonly SubjectAttribute[];
  readonly hosts: { readonly position: Position; readonly values: readonly string[] } | undefined;
  readonly key: KeyType | undefined;
  readonly ca: {
    readonly expiry?: number;
    readonly backdate?: number;
    readonly pathLength?: number;
  };
}

/** Reads a `ca-csr.json` (`ca`) or a `server-csr.json`; undefined when there is none. */
export function readRequest(file: string, kind: 'ca' | 'leaf'): CertificateRequest | undefined {
  const root = readJson(file);
  if (!root) return undefined;
  const fields = root.fields(
    ['CN', 'hosts', 'key', 'names', 'serialnumber', 'ca'],
    ['crl_url', 'delegation_enabled', 'extensions'],
  );
  if (fields.ca && kind === 'leaf') throw fields.ca.fail('"ca" is for the request of a CA');
  const hosts = fields.hosts;
  const subject = readSubject(fields);
  if (kind === 'ca' && subject.length === 0) {
    throw root.fail('a CA needs a "CN" or "names": certificates name it as their issuer');
  }
  return {
    position: root.position,
    subject,
    hosts: hosts && { position: hosts.position, values: hosts.items().map(readHost) },
    key: fields.key && readKeyType(fields.key),
    ca: fields.ca ? readCaFields(fields.ca) : {},
  };
}

/** The hosts of a request that are not a member's own, and a word on the members it forgets. */
export function splitHosts(
  { hosts }: CertificateRequest,
  members: readonly string[],
): { readonly further: readonly string[]; readonly warnings: readonly string[] } {
  if (!hosts) return { further: [], warnings: [] };
  const canonical = (host: string) => alternativeName(host).value;
  const own = new Set(members.map(canonical));
  const listed = new Set(hosts.values.map(canonical));
  const forgotten = [...new Set(members)].filter((member) => !listed.has(canonical(member)));
  return {
    further: hosts.values.filter((host) => host !== '' && !own.has(canonical(host))),
    warnings: forgotten.length > 0 ? [forgottenWarning(hosts.position, forgotten)] : [],
  };
}

function forgottenWarning(position: Position, members: readonly string[]): string {
  const [who, what] = members.length === 1 ? ['member', 'it is'] : ['members', 'they are'];
  return `${formatPosition(position)}: "hosts" lacks the ${who} ${members.join(', ')}; ${what} added`;
}

/** A host as a certificate can carry it: visible ASCII only, and no zone, which says something on one machine. */
function readHost(value: JsonValue): string {
  const host = value.string();
  if (/[^!-~]/.test(host)) {
    throw value.fail(
      `"${host}" is not a name a certificate can have`,
      'write it as in DNS, in its xn-- form',
    );
  }
  if (isIP(host) === 6 && host.includes('%')) {
    throw value.fail(
      `"${host}" has a zone, which certificates cannot have`,
      'leave out the % and what follows',
    );
  }
  return host;
}

type Fields = Partial<Record<'CN' | 'names' | 'serialnumber', JsonValue>>;

function readSubject({ CN, names, serialnumber }: Fields): readonly SubjectAttribute[] {
  const subject: SubjectAttribute[] = [];
  const add = (type: SubjectAttribute[0], value: JsonValue | undefined) => {
    const text = value?.string() ?? '';
    if (type === 'C' && text !== '' && !/^[A-Z]{2}$/i.test(text)) {
      throw value!.fail(`"${text}" is not a country`, 'two letters, as in CN or DE');
    }
    if (text.length > 64 && type !== 'E') throw value!.fail('a name of a subject has at most 64 characters');
    if (text !== '') subject.push([type, text]);
  };
  for (const name of names?.items() ?? []) {
    const fields = name.fields(['C', 'ST', 'L', 'O', 'OU', 'E', 'SerialNumber'], ['oid']);
    for (const type of ['C', 'ST', 'L', 'O', 'OU', 'E'] as const) add(type, fields[type]);
    add('SERIALNUMBER', fields.SerialNumber);
  }
  add('CN', CN);
  add('SERIALNUMBER', serialnumber);
  return subject;
}

function readKeyType(value: JsonValue): KeyType {
  const { algo, size } = value.fields(['algo', 'size']);
  const name = algo?.string() ?? 'ecdsa';
  const type = keyType(name, size?.integer());
  if (type) return type;
  throw (size && keyType(name) ? size : (algo ?? value)).fail(
    `no key of type ${name}${size ? ` ${size.integer()}` : ''}`,
    'rsa 2048 to 8192, ecdsa 256, 384 or 521, or ed25519',
  );
}

function readCaFields(value: JsonValue): CertificateRequest['ca'] {
  const fields = value.fields(['expiry', 'backdate', 'pathlen', 'pathlenzero']);
  const length = fields.pathlen?.integer() ?? 0;
  const zero = fields.pathlenzero?.boolean() ?? false;
  return {
    ...(fields.expiry && { expiry: positive(fields.expiry) }),
    ...(fields.backdate && { backdate: duration(fields.backdate) }),
    ...((length > 0 || (length === 0 && zero)) && { pathLength: length }),
  };
}
