import { join } from 'node:path';
import { parseDuration } from '../../duration.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import {
  defaultConfig,
  type LeafKind,
  type LeafProfile,
  type PkiConfig,
  type PkiOptions,
  requiredUsages,
} from '../config.ts';
import { BACKDATE, renewalLead } from '../life.ts';
import { readRequest, splitHosts } from './cfssl-request.ts';
import { readSigning, type SigningConfig, type SigningProfile } from './cfssl-signing.ts';

/** What the cfssl files in the folder ask for, and the defaults for the rest. */
export function readConfig(options: PkiOptions): PkiConfig {
  const { dir, addresses } = options;
  const defaults = defaultConfig(options);
  const signing = readSigning(join(dir, 'ca-config.json'));
  const ca = readRequest(join(dir, 'ca-csr.json'), 'ca');
  const server = readRequest(join(dir, 'server-csr.json'), 'leaf');
  const renewBefore = parseDuration(options.renewBefore);
  const profile = (kind: LeafKind) =>
    (signing && chooseProfile(signing, kind, renewBefore)) ?? defaults.leaf.profiles[kind];
  return {
    ca: ca
      ? {
          ...defaults.ca,
          subject: ca.subject,
          key: ca.key ?? defaults.ca.key,
          expiry: CA_EXPIRY,
          ...ca.ca,
        }
      : defaults.ca,
    leaf: {
      subject: server && server.subject.length > 0 ? server.subject : undefined,
      key: server?.key ?? defaults.leaf.key,
      profiles: { server: profile('server'), peer: profile('peer'), client: profile('client') },
    },
    ...(server ? splitHosts(server, addresses) : { further: [], warnings: [] }),
  };
}

/** What cfssl gives a CA whose request has no `ca`. */
const CA_EXPIRY = parseDuration('43800h');

/** The profile of the kind's name, else the only one there is, else the default. */
function chooseProfile(signing: SigningConfig, kind: LeafKind, renewBefore: number): LeafProfile | undefined {
  const { profiles, default: fallback } = signing;
  const sole = profiles.size === 1 ? [...profiles.values()][0] : undefined;
  const chosen = profiles.get(kind) ?? sole ?? fallback;
  if (!chosen) return undefined;
  const refuse = (message: string, hint: string) =>
    new QuorateError(message, { exitCode: EXIT.usage, position: chosen.position, hint });
  if (chosen.isCa) {
    throw refuse(
      `this profile makes a CA, and is the one for ${kind} certificates`,
      `add a profile "${kind}"`,
    );
  }
  const { usages = [] } = chosen;
  const missing = requiredUsages(kind).filter((usage) => !usages.includes(usage));
  if (missing.length > 0) {
    throw refuse(
      `this profile is the one for ${kind} certificates, and lacks ${missing.join(' and ')}`,
      kind === 'client'
        ? 'add it to "usages"'
        : 'add it to "usages": a member is a client too, of its peers and, through its gateway, of itself',
    );
  }
  const expiry = chosen.expiry ?? fallback?.expiry;
  if (expiry === undefined && !chosen.notAfter) {
    throw refuse('neither this profile nor the default has an expiry', 'add "expiry", as in "8760h"');
  }
  const life = {
    expiry: expiry ?? 0,
    backdate: chosen.backdate || BACKDATE,
    ...(chosen.notBefore && { notBefore: chosen.notBefore }),
    ...(chosen.notAfter && { notAfter: chosen.notAfter }),
  };
  return {
    usages,
    ...life,
    renewBefore: renewalLead(life, renewBefore),
    ...urls(fallback),
    ...urls(chosen),
  };
}

/** The addresses of a profile; those it lacks come from the default. */
function urls(profile: SigningProfile | undefined): Pick<LeafProfile, 'issuerUrls' | 'ocspUrl' | 'crlUrl'> {
  const { issuerUrls, ocspUrl, crlUrl } = profile ?? {};
  return {
    ...(issuerUrls?.length && { issuerUrls }),
    ...(ocspUrl && { ocspUrl }),
    ...(crlUrl && { crlUrl }),
  };
}
