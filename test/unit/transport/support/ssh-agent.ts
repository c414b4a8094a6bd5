import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { scratch } from '../../support/scratch.ts';
import { until } from './launcher-process.ts';
import { keyOf } from './ssh-server.ts';

/** Writes the public half of a key beside it; gives it in wire form. */
export function publish(file: string): Buffer {
  const key = keyOf(readFileSync(file, 'utf8'));
  writeFileSync(`${file}.pub`, `${key.type} ${key.getPublicSSH().toString('base64')}\n`);
  return key.getPublicSSH();
}

/** An ssh-agent with some keys, ended with the test; undefined where there is none. */
export async function startAgent(keys: readonly string[]): Promise<true | undefined> {
  const socket = join(scratch(), 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  const failed = new Promise<false>((resolve) => agent.once('error', () => resolve(false)));
  onTestFinished(() => {
    agent.kill();
  });
  const up = until(() => spawnSync('test', ['-S', socket]).status === 0, 'the agent is up').then(() => true);
  if (!(await Promise.race([up, failed]))) return undefined;
  process.env.SSH_AUTH_SOCK = socket;
  for (const key of keys) spawnSync('ssh-add', ['-q', key]);
  return true;
}
