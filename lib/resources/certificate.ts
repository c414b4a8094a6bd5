import { domainToASCII } from 'node:url';
import { is, must } from '../dsl/options/options.ts';
import type { TaskOptions } from '../dsl/options/task-options.ts';
import { sha256 } from '../dsl/path.ts';
import { composed } from '../dsl/resource.ts';
import { sourcePath } from '../dsl/source/source.ts';
import type { Task } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { readConfig } from '../pki/cfssl/cfssl.ts';
import { formOf } from '../pki/config.ts';
import { parseDuration } from '../pki/index.ts';
import { keyTypeName, parseKeyType } from '../pki/keys.ts';
import { authorityCertificate, authorityOptions, openAuthority } from './common/authority.ts';
import { LaterContent } from './content/later.ts';
import { issuedCertificate } from './issued-certificate.ts';

export interface CertificateOptions extends TaskOptions {
  /** Where its key lies, 0600. */
  readonly key: string;
  /** Exactly the names and addresses it carries; the first is what it is called. */
  readonly names: readonly string[];
  /**
   * Folder on control with the CA that issues it, which is made there once: keep it, with its key, where every machine that
   * runs this has it. Without it, it is its own issuer.
   */
  readonly authority?: string;
  /** How long one lasts, as `365d` or `8760h`; 365 days unless said. */
  readonly expiry?: string;
  /** How long before its end another one takes its place; 30 days unless said. */
  readonly renewBefore?: string;
  /** `ecdsa-256` unless said, or `rsa-2048`, `ed25519` and their like. */
  readonly keyType?: string;
  readonly owner?: string;
  readonly group?: string;
}

/**
 * A certificate and its key, self-signed or from a CA of yours; made anew by the run that finds it close to its end,
 * with other names, another type of key or another life, or not as it was installed. `caCertificate` gives what those who connect are to trust.
 *
 * @example
 * const cert = certificate('/etc/nginx/site.pem', { key: '/etc/nginx/site-key.pem', names: ['www.example.org'] });
 * file('/etc/ssl/ours.pem', { content: caCertificate('./pki') })
 * certificate('/etc/app/cert.pem', { key: '/etc/app/key.pem', names: ['app', '10.0.0.7'], authority: './pki' })
 * service('nginx', { reloadOn: [cert] })
 */
export function certificate(path: string, options: CertificateOptions): Task {
  return composed('certificate', path, options, {
    options: {
      key: must(is.text),
      names: must(is.list(is.text)),
      authority: is.text,
      expiry: is.text,
      renewBefore: is.text,
      keyType: is.text,
      owner: is.text,
      group: is.text,
    },
    make: () => ownCertificate(path, options),
  });
}

function ownCertificate(path: string, options: CertificateOptions): Task {
  const { key, names, authority, ...rest } = options;
  const { expiry = '365d', renewBefore = '30d', keyType = 'ecdsa-256', ...words } = rest;
  if (names.length === 0) throw wrong(`the certificate ${path} has no names`);
  const odd = names.find((one) => !/^[!-~]+$/.test(one));
  if (odd !== undefined)
    throw wrong(
      `the certificate ${path} has the name ${JSON.stringify(odd)}, which is not ASCII`,
      asciiHint(odd),
    );
  const [life, lead] = [expiry, renewBefore].map(parseDuration) as [number, number];
  if (lead >= life) throw wrong(`the certificate ${path} would be due for renewal when it is made`);
  const folder = authority === undefined ? undefined : sourcePath(authority);
  const ca = folder === undefined ? 'itself' : authorityCertificate(folder);
  const of = { keyType, certExpiry: expiry, renewBefore };
  const form =
    folder === undefined
      ? { keyType: keyTypeName(parseKeyType(keyType)), life }
      : formOf(readConfig(authorityOptions(folder, of)).leaf, 'server');
  const task = issuedCertificate(path, {
    keyPath: key,
    sans: names,
    ca,
    renewBefore: lead,
    ...form,
    ...words,
    async issue() {
      if (folder === undefined) {
        const { issueSelfSigned } = await import('../pki/self-signed.ts');
        return issueSelfSigned(names, { expiry: life, keyType });
      }
      const pki = await openAuthority(folder, of);
      if (ca instanceof LaterContent) ca.value = (await pki.ensureCa()).pem;
      // Hosts that go by the same names share one.
      return pki.issueMember(`${names[0]}-${sha256([...names].sort().join()).slice(0, 8)}`, 'server', names, {
        exact: true,
      });
    },
  });
  return { ...task, wish: { path, ...options, folder } };
}

/** The certificate of the CA in a folder on control, which the run makes where neither this machine nor a host has one yet. */
export function caCertificate(authority: string): string | LaterContent {
  return authorityCertificate(sourcePath(authority));
}

const LIKE = "write it like { names: ['www.example.org'], expiry: '365d', renewBefore: '30d' }";

function wrong(message: string, hint = LIKE): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}

/** The same name as DNS has it. */
function asciiHint(name: string): string {
  const ascii = domainToASCII(name);
  return ascii === '' ? LIKE : `a certificate has names as DNS does: '${ascii}'`;
}
