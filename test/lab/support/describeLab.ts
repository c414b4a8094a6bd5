import { describe, inject } from 'vitest';

/** `describe` for tests that need a lab: skipped where none can run (`setup.ts` says why). */
export const describeLab = describe.skipIf(inject('labMissing') !== '');
