export { fingerprint, fingerprints, isForeignFolder, readCa } from './ca.ts';
export type { LeafKind, PkiOptions } from './config.ts';
export { parseDuration } from './duration.ts';
export { privateFolder, writeWhole } from './files.ts';
export { type LeafRules, openPki, readRules } from './open.ts';
export { parseCertificate } from './parse.ts';
export { caPassphrase } from './passphrase.ts';
export type { MemberCertificate, Pki } from './pki.ts';
export { certificateProblems, describeProblem, missingUses, type Problem } from './problems.ts';
