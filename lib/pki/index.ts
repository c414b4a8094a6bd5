export { parseDuration } from '../duration.ts';
export { privateFolder, readIfAny, writeWhole } from '../files.ts';
export { type ClientBundle, readBundles, wasRevoked } from './bundles.ts';
export { whyUnsigned } from './ca/authority.ts';
export { fingerprint, fingerprints, isForeignFolder, readCa } from './ca/ca.ts';
export {
  crlPath,
  hasAll,
  listOf,
  type RevocationList,
  readCrl,
  readList,
  revokeBundle,
  takeInLists,
} from './ca/crl.ts';
export type { Arrival, Signees, SigningRequest } from './ca/external.ts';
export { caPassphrase } from './ca/passphrase.ts';
export {
  bundleOf,
  bundlePath,
  dropBundle,
  makeNextCa,
  readNextCa,
  readPreviousCa,
  readPreviousCas,
  switchToNextCa,
  whyNextUnsigned,
  withoutCa,
  writeBundle,
} from './ca/rotation.ts';
export { type CertificateFile, readCertificateFiles } from './certificate-files.ts';
export { certificatesIn, isIssuedBy } from './chain/chain.ts';
export { endOfChain } from './chain/chain-end.ts';
export type { LeafKind, PkiOptions } from './config.ts';
export { keyTypeOf } from './keys.ts';
export { certificateInfo, type LeafRules, openExternal, openPki, readRules } from './open.ts';
export { readClientPair } from './pairs.ts';
export { parseCertificate } from './parse.ts';
export type { Pki } from './pki.ts';
export { certificateProblems, describeProblem, missingUses, type Problem } from './problems.ts';
export type { MemberCertificate, Reissue } from './wanted.ts';
