export { parseDuration } from '../duration.ts';
export { privateFolder, readIfAny, writeWhole } from '../files.ts';
export { type ClientBundle, readBundles, tellBundles, wasRevoked } from './bundles.ts';
export type { Arrival } from './ca/arrivals.ts';
export { readArrivedList } from './ca/arrived-list.ts';
export { whyUnsigned } from './ca/authority.ts';
export { fingerprint, fingerprints, isForeignFolder, readCa } from './ca/ca.ts';
export {
  covers,
  crlPath,
  isOn,
  layList,
  listOf,
  type RevocationList,
  readCrl,
  readList,
  revokeBundle,
  takeInLists,
} from './ca/crl.ts';
export { lifeOfList } from './ca/crl-life.ts';
export type { SigningRequest } from './ca/external.ts';
export { caPassphrase } from './ca/passphrase.ts';
export {
  bundleOf,
  bundlePath,
  dropBundle,
  isNextElsewhere,
  makeNextCa,
  readNextCa,
  readPreviousCa,
  readPreviousCas,
  requireNextChain,
  switchToNextCa,
  whyNextUnsigned,
  withoutCa,
  writeBundle,
} from './ca/rotation.ts';
export { signersUnder } from './ca/signers.ts';
export type { Signees } from './ca/slots.ts';
export { type CertificateFile, readCertificateFiles } from './certificate-files.ts';
export { certificatesIn, issuerUnder } from './chain/chain.ts';
export { endOfChain } from './chain/chain-end.ts';
export type { LeafKind, PkiOptions } from './config.ts';
export { keyTypeOf } from './keys.ts';
export { certificateInfo, type LeafRules, openExternal, openPki, readRules } from './open.ts';
export { readClientPair } from './pairs.ts';
export { parseCertificate } from './parse.ts';
export type { Pki } from './pki.ts';
export { certificateProblems, describeProblem, type Problem } from './problems.ts';
export { missingUses } from './uses.ts';
export type { MemberCertificate, Reissue } from './wanted.ts';
