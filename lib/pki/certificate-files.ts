import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../errors.ts';
import { certificatesIn } from './chain/chain.ts';

/** Certificates of a file that somebody brought. */
export interface CertificateFile {
  readonly path: string;
  readonly certificates: readonly X509Certificate[];
}

/** What certificates are called in a folder that has other files, too. */
const ENDING = /\.(pem|crt|cer|cert|der)$/i;

/**
 * Reads the certificates of files, and of the files of folders: PEM, one or several, or DER. Fails with 1 on a file
 * that was named and has none; in a folder keys and requests are passed over.
 */
export async function readCertificateFiles(paths: readonly string[]): Promise<readonly CertificateFile[]> {
  const files: CertificateFile[] = [];
  for (const path of paths) {
    if (!(await tried(path, stat(path))).isDirectory()) {
      const certificates = await certificatesOf(path);
      if (certificates.length === 0) throw none(path);
      files.push({ path, certificates });
      continue;
    }
    const entries = await tried(path, readdir(path, { withFileTypes: true }));
    const names = entries
      .filter((one) => !one.isDirectory() && ENDING.test(one.name))
      .map(({ name }) => name);
    for (const name of names.sort()) {
      const file = join(path, name);
      const certificates = await certificatesOf(file);
      if (certificates.length > 0) files.push({ path: file, certificates });
    }
  }
  if (files.length === 0) throw none(paths.join(', '));
  return files;
}

async function certificatesOf(path: string): Promise<readonly X509Certificate[]> {
  const content = await tried(path, readFile(path));
  const text = content.toString('latin1');
  if (text.includes('-----BEGIN ')) {
    const found = certificatesIn(text);
    if (found.length < text.split('-----BEGIN CERTIFICATE-----').length - 1) throw damaged(path);
    return found;
  }
  try {
    return [new X509Certificate(content)];
  } catch {
    return [];
  }
}

async function tried<Result>(path: string, reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (error) {
    throw new QuorateError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`, {
      exitCode: EXIT.usage,
    });
  }
}

function damaged(path: string): QuorateError {
  return new QuorateError(`${path} has a certificate that cannot be read: nothing was taken`, {
    exitCode: EXIT.untrusted,
    hint: 'have it sent again; openssl x509 -in FILE says what is wrong with the first',
  });
}

function none(path: string): QuorateError {
  return new QuorateError(`there is no certificate in ${path}`, {
    exitCode: EXIT.usage,
    hint: 'it takes PEM or DER; of PKCS #7 (.p7b): openssl pkcs7 -print_certs -in FILE -out certificates.pem',
  });
}
