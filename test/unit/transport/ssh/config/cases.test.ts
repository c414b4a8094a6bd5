import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QuorateError } from '../../../../../lib/errors.ts';
import { connectionLines } from '../../../../../lib/transport/ssh/connection-lines.ts';
import { connectionOf } from '../../support/connection.ts';
import { askSshAtHome, compared, ownHome, sshVersion, writeFiles } from '../../support/real-ssh.ts';

interface Case {
  readonly name: string;
  /** Below ~/.ssh. */
  readonly files: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly user?: string;
  /** What `ssh -G` of OpenSSH 9.2 has said to root, <home> for the home; null where it refuses the files. */
  readonly expected: Readonly<Record<string, readonly string[]>> | null;
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8'));

/** Lines that only ssh itself can judge. */
const FOREIGN = /exec|CanonicalizeHostname|Tag/;

const home = ownHome();

async function ours({ files, host = 'web', user }: Case) {
  writeFiles(home(), files);
  try {
    return compared(await connectionLines(connectionOf({ kind: 'ssh', address: host, user })));
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    expect([
      error.exitCode,
      error.position?.file.startsWith(home()),
      (error.position?.line ?? 0) > 0,
    ]).toEqual([1, true, true]);
    return null;
  }
}

describe('what ssh says of ssh_config', () => {
  const version = sshVersion();
  const asRoot = process.getuid?.() === 0;

  it.each(cases)('$name', async (one) => {
    if (!asRoot || (version === undefined && FOREIGN.test(JSON.stringify(one.files)))) return;
    const expected = one.expected && JSON.parse(JSON.stringify(one.expected).replaceAll('<home>', home()));
    expect(await ours(one)).toEqual(expected);
  });

  it.each(version === undefined ? [] : cases)('$name, by the ssh that is here', async (one) => {
    writeFiles(home(), one.files);
    const lines = askSshAtHome(one.host ?? 'web', one.user === undefined ? [] : ['-l', one.user], home());
    if (lines === 'impossible') return;
    expect(await ours(one)).toEqual(lines ? compared(lines) : null);
  });
});
