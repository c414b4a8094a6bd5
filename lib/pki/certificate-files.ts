import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../errors.ts';
import { certificatesIn } from './chain.ts';

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
    if (!(await stat(path)).isDirectory()) {
      const certificates = certificatesOf(await readFile(path));
      if (certificates.length === 0) throw none(path);
      files.push({ path, certificates });
      continue;
    }
    for (const name of (await readdir(path)).filter((one) => ENDING.test(one)).sort()) {
      const file = join(path, name);
      const certificates = certificatesOf(await readFile(file));
      if (certificates.length > 0) files.push({ path: file, certificates });
    }
  }
  if (files.length === 0) throw none(paths.join(', '));
  return files;
}

function certificatesOf(content: Buffer): readonly X509Certificate[] {
  const text = content.toString('latin1');
  if (text.includes('-----BEGIN ')) return certificatesIn(text);
  try {
    return [new X509Certificate(content)];
  } catch {
    return [];
  }
}

function none(path: string): QuorateError {
  return new QuorateError(`there is no certificate in ${path}`, {
    exitCode: EXIT.usage,
    hint: 'it takes PEM or DER; of PKCS #7 (.p7b): openssl pkcs7 -print_certs -in FILE -out certificates.pem',
  });
}
