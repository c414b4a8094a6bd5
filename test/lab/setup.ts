import type { TestProject } from 'vitest/node';
import { program } from '../program.ts';
import { labUnavailable } from './support/host/unavailable.ts';
import { sweepLabs } from './support/lab.ts';
import { type Lacking, prepareForTests } from './support/prepare.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Why no lab can run here; empty when one can. */
    labMissing: string;
    /** Why there is no redis-server; empty when there is one. */
    redisMissing: string;
    /** Why there is no browser; empty when there is one. */
    browserMissing: string;
  }
}

/**
 * Before the lab tests: prepares what hosts are made of, or says in one line why there can be none; then the
 * tests are skipped. Afterwards takes down what killed tests left.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const unavailable = labUnavailable();
  const { missing, redis, browser } = unavailable ? without(unavailable) : await prepareHere();
  if (missing !== undefined) console.log(`lab tests are skipped: ${missing}`);
  project.provide('labMissing', missing ?? '');
  if (missing === undefined && redis !== undefined) console.log(`tests of fleets are skipped: ${redis}`);
  project.provide('redisMissing', redis ?? '');
  if (missing === undefined && browser !== undefined)
    console.log(`tests in a browser are skipped: ${browser}`);
  project.provide('browserMissing', browser ?? '');
  // Compile once here, and not in both workers at a time.
  if (missing === undefined) program('playbooks/site.ts');
  return async () => {
    if (missing === undefined) await sweepLabs();
  };
}

/** Why there is no lab, and what else tests go without. */
interface Missing extends Lacking {
  readonly missing?: string;
}

const without = (missing: string): Missing => ({ missing, redis: missing, browser: missing });

async function prepareHere(): Promise<Missing> {
  try {
    return await prepareForTests((line) => console.log(`lab: ${line}`));
  } catch (error) {
    return without(
      `it cannot be prepared here: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`,
    );
  }
}
