import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { canonicalAddress } from '../../addresses.ts';
import { type Element, elements } from '../der.ts';
import type { AlternativeName } from '../names.ts';
import { certificatesIn, nameOf, pathUp } from './chain.ts';

/**
 * Which name a CA may not issue for, by the name constraints (RFC 5280, 4.2.1.10) of the first certificate of a CA file and
 * of those above it; undefined where it may issue for all. Go, and so each member, refuses a certificate for one such name.
 */
export function forbiddenName(caPem: string, names: readonly AlternativeName[]): string | undefined {
  const [issuer, ...above] = certificatesIn(caPem);
  if (issuer === undefined) return undefined;
  for (const ca of pathUp(issuer, above)) {
    const { permitted, excluded } = constraintsOf(ca);
    for (const name of names) {
      const allowed = permitted.filter(({ type }) => type === name.type);
      const outside = allowed.length > 0 && !allowed.some((one) => covers(one, name));
      if (outside || excluded.some((one) => covers(one, name)))
        return `${name.value}, by constraints of ${nameOf(ca)}`;
    }
  }
  return undefined;
}

interface Constraint {
  readonly type: AlternativeName['type'];
  readonly value: Buffer;
}

interface Constraints {
  readonly permitted: readonly Constraint[];
  readonly excluded: readonly Constraint[];
}

/** `06 03 55 1D 1E`: 2.5.29.30 as an extension has it. */
const NAME_CONSTRAINTS = Buffer.from('551d1e', 'hex');

/** Tags of ASN.1: SEQUENCE, OCTET STRING, and those in brackets that the certificate's own structure has. */
const TAG = { octets: 0x04, permitted: 0xa0, excluded: 0xa1, extensions: 0xa3 } as const;

/** GeneralName by its tag; others are nothing that a member's certificate has. */
const TYPES: ReadonlyMap<number, Constraint['type']> = new Map([
  [0x82, 'dns'],
  [0x87, 'ip'],
]);

function constraintsOf({ raw }: X509Certificate): Constraints {
  const [certificate] = elements(raw);
  const [body] = certificate ? elements(certificate.content) : [];
  const extensions = body && elements(body.content).find(({ tag }) => tag === TAG.extensions);
  const [list] = extensions ? elements(extensions.content) : [];
  const found =
    list &&
    elements(list.content).find(({ content }) => elements(content)[0]?.content.equals(NAME_CONSTRAINTS));
  const octets = found && elements(found.content).find(({ tag }) => tag === TAG.octets);
  const [trees] = octets ? elements(octets.content) : [];
  const of = (which: number) =>
    (trees ? elements(trees.content) : [])
      .filter(({ tag }) => tag === which)
      .flatMap(({ content }) => elements(content).flatMap(constraintOf));
  return { permitted: of(TAG.permitted), excluded: of(TAG.excluded) };
}

function constraintOf({ content }: Element): readonly Constraint[] {
  const [base] = elements(content);
  const type = base && TYPES.get(base.tag);
  return type === undefined ? [] : [{ type, value: base!.content }];
}

function covers({ type, value }: Constraint, name: AlternativeName): boolean {
  if (type !== name.type) return false;
  return type === 'ip' ? isInNetwork(name.value, value) : isBelow(name.value, value.toString('latin1'));
}

/** A domain has itself and all below it; with a dot before it only those; an empty one has every name. */
function isBelow(name: string, domain: string): boolean {
  const of = domain.toLowerCase();
  if (of === '' || name === of) return true;
  return name.endsWith(of.startsWith('.') ? of : `.${of}`);
}

/** An address, and after it a mask of as many bytes. */
function isInNetwork(name: string, network: Buffer): boolean {
  const address = bytesOf(name);
  if (network.length !== address.length * 2) return false;
  return address.every(
    (byte, i) => (byte & network[address.length + i]!) === (network[i]! & network[address.length + i]!),
  );
}

function bytesOf(address: string): readonly number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  const [head = [], tail = []] = canonicalAddress(address)
    .split('::')
    .map((half) => half.split(':').filter(Boolean));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail]
    .map((word) => Number.parseInt(word, 16))
    .flatMap((word) => [word >> 8, word & 255]);
}
