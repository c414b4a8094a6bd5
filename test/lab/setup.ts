import type { TestProject } from 'vitest/node';
import { program } from '../program.ts';
import { labUnavailable } from './support/host/unavailable.ts';
import { sweepLabs } from './support/lab.ts';
import { prepareForTests } from './support/prepare.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Why no lab can run here; empty when one can. */
    labMissing: string;
    /** Why there is no redis-server; empty when there is one. */
    redisMissing: string;
  }
}

/**
 * Before the lab tests: prepares what hosts are made of, or says in one line why there can be none; then the
 * tests are skipped. Afterwards takes down what killed tests left.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const unavailable = labUnavailable();
  const { missing, noRedis } = unavailable ? both(unavailable) : await prepareHere();
  if (missing !== undefined) console.log(`lab tests are skipped: ${missing}`);
  project.provide('labMissing', missing ?? '');
  if (missing === undefined && noRedis !== undefined) console.log(`tests of fleets are skipped: ${noRedis}`);
  project.provide('redisMissing', noRedis ?? '');
  // Compile once here, and not in both workers at a time.
  if (missing === undefined) program('playbooks/site.ts');
  return async () => {
    if (missing === undefined) await sweepLabs();
  };
}

/** Why there is no lab, and no redis-server. */
interface Missing {
  readonly missing?: string;
  readonly noRedis: string | undefined;
}

const both = (missing: string): Missing => ({ missing, noRedis: missing });

async function prepareHere(): Promise<Missing> {
  try {
    return { noRedis: await prepareForTests((line) => console.log(`lab: ${line}`)) };
  } catch (error) {
    return both(`it cannot be prepared here: ${(error as Error).message.split('\n').slice(0, 2).join(' ')}`);
  }
}
