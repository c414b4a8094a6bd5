export { fingerprint, readCa } from './authority.ts';
export { furtherHosts } from './cfssl.ts';
export type { LeafKind, PkiOptions } from './config.ts';
export { parseDuration } from './duration.ts';
export { type Issued, openPki, type Pki } from './pki.ts';
export { certificateProblems, describeProblem, type Problem } from './problems.ts';
