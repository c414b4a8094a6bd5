import { EXIT, QuorateError } from '../../../errors.ts';
import { certificateInfo, parseCertificate, readIfAny } from '../../../pki/index.ts';

/** What `cfssl certinfo -cert FILE` prints; of several certificates in the file it is the first. */
export async function showCertificate(path: string): Promise<string> {
  const text = await readIfAny(path);
  const found = text !== undefined && parseCertificate(text);
  if (!found) {
    const what = text === undefined ? 'there is no such file' : 'there is no certificate in it';
    throw new QuorateError(`cannot show ${path}: ${what}`, {
      exitCode: EXIT.usage,
      hint: 'it takes a file with a certificate in PEM form',
    });
  }
  return certificateInfo(found.toString()).catch((error: Error) => {
    throw new QuorateError(`cannot show ${path}: its certificate cannot be read whole: ${error.message}`, {
      exitCode: EXIT.usage,
      hint: `openssl x509 -text -noout -in ${path} may`,
    });
  });
}
