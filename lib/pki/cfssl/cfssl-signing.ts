import { readDuration } from '../../duration.ts';
import type { Position } from '../../errors.ts';
import { type JsonValue, readJson } from '../json.ts';
import { EXTENDED_USAGES, KEY_USAGES } from '../profile.ts';

/** A signing profile as the file has it. */
export interface SigningProfile {
  readonly position: Position;
  readonly usages?: readonly string[];
  readonly expiry?: number;
  readonly backdate?: number;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly issuerUrls?: readonly string[];
  readonly ocspUrl?: string;
  readonly crlUrl?: string;
  readonly isCa: boolean;
}

export interface SigningConfig {
  readonly default: SigningProfile | undefined;
  readonly profiles: ReadonlyMap<string, SigningProfile>;
}

/** Reads a `ca-config.json`; undefined when there is none. */
export function readSigning(file: string): SigningConfig | undefined {
  const root = readJson(file);
  const signing = root?.fields(['signing'], ['ocsp', 'auth_keys', 'remotes']).signing;
  if (!root || !signing) return undefined;
  const { default: standard, profiles } = signing.fields(['default', 'profiles']);
  const found = new Map<string, SigningProfile>();
  for (const [name, value] of profiles?.entries() ?? []) {
    const profile = readProfile(value);
    if (!profile.usages?.length) throw value.fail(`profile "${name}" needs at least one usage`);
    found.set(name, profile);
  }
  const fallback = standard && readProfile(standard);
  if (standard && fallback?.expiry === undefined && fallback?.notAfter === undefined) {
    throw standard.fail('the default profile needs an expiry');
  }
  return { default: fallback, profiles: found };
}

/** What cfssl has further, for services that sign for others. */
const SERVICE_FIELDS = [
  'allowed_extensions',
  'auth_key',
  'auth_remote',
  'cert_store',
  'csr_whitelist',
  'ct_log_servers',
  'lint_error_level',
  'name_whitelist',
  'ocsp_no_check',
  'policies',
  'prev_auth_key',
  'remote',
];

function readProfile(value: JsonValue): SigningProfile {
  const fields = value.fields(
    [
      'usages',
      'expiry',
      'backdate',
      'not_before',
      'not_after',
      'issuer_urls',
      'ocsp_url',
      'crl_url',
      'ca_constraint',
      'copy_extensions',
    ],
    SERVICE_FIELDS,
  );
  // A request here carries nothing that the certificate does not get anyway.
  fields.copy_extensions?.boolean();
  const constraint = fields.ca_constraint?.fields(['is_ca', 'max_path_len', 'max_path_len_zero']);
  constraint?.max_path_len?.integer();
  constraint?.max_path_len_zero?.boolean();
  return {
    position: value.position,
    isCa: constraint?.is_ca?.boolean() ?? false,
    ...(fields.usages && { usages: fields.usages.items().map(usage) }),
    ...(fields.expiry && { expiry: positive(fields.expiry) }),
    ...(fields.backdate && { backdate: duration(fields.backdate) }),
    ...(fields.not_before && { notBefore: time(fields.not_before, 'past') }),
    ...(fields.not_after && { notAfter: time(fields.not_after, 'future') }),
    ...(fields.issuer_urls && { issuerUrls: fields.issuer_urls.items().map((url) => url.string()) }),
    ...(fields.ocsp_url?.string() && { ocspUrl: fields.ocsp_url.string() }),
    ...(fields.crl_url?.string() && { crlUrl: fields.crl_url.string() }),
  };
}

function usage(value: JsonValue): string {
  const name = value.string();
  if ([KEY_USAGES, EXTENDED_USAGES].some((usages) => Object.hasOwn(usages, name))) return name;
  throw value.fail(
    `unknown usage "${name}"`,
    `known: ${[...Object.keys(KEY_USAGES), ...Object.keys(EXTENDED_USAGES)].join(', ')}`,
  );
}

/** A duration, in milliseconds. */
export function duration(value: JsonValue): number {
  const text = value.string();
  const read = readDuration(text);
  if (read === undefined) {
    throw value.fail(`"${text}" is not a duration`, 'write a number and a unit, as in 8760h, 365d or 1h30m');
  }
  return read;
}

/** As `duration`, of something that lasts. */
export function positive(value: JsonValue): number {
  const read = duration(value);
  if (read <= 0) throw value.fail('wanted more than nothing');
  return read;
}

function time(value: JsonValue, tense: 'past' | 'future'): Date {
  const text = value.string();
  const date = new Date(text);
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
  if (!form.test(text) || Number.isNaN(date.getTime())) {
    throw value.fail(`"${text}" is not a time`, 'write it like 2030-01-31T12:00:00Z');
  }
  if (date.getTime() < Date.now() !== (tense === 'past')) {
    throw value.fail(`${text} is not in the ${tense}: no certificate would be valid now`);
  }
  return date;
}
