import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect } from '../../../lib/transport/index.ts';
import type { Spawn } from '../../../lib/transport/launch.ts';
import { sendFile } from '../../../lib/transport/send.ts';
import { scratch } from '../support/scratch.ts';
import { connectionOf } from './support/connection.ts';

const ODD = `it's "a" $(touch canary) \`x\` ; & \\ name  ä`;

function source(bytes: Buffer | string): { readonly dir: string; readonly file: string } {
  const dir = scratch();
  const file = join(dir, 'source');
  writeFileSync(file, bytes);
  return { dir, file };
}

describe('sending a file', () => {
  it('gives the same bytes, readable by the owner alone', async () => {
    const bytes = randomBytes(5_000_000);
    const { dir, file } = source(bytes);
    const host = await connect(connectionOf());
    const seen: number[] = [];
    await host.send(file, `${dir}/target`, (sent) => seen.push(sent));
    expect(readFileSync(`${dir}/target`).equals(bytes)).toBe(true);
    expect(statSync(`${dir}/target`).mode & 0o777).toBe(0o600);
    expect(seen.at(-1)).toBe(bytes.length);
    expect(host.roundTrips).toBe(1);
    expect(readdirSync(dir).sort()).toEqual(['source', 'target']);
  });

  it('sends an empty file', async () => {
    const { dir, file } = source('');
    await (await connect(connectionOf())).send(file, `${dir}/target`);
    expect(readFileSync(`${dir}/target`, 'utf8')).toBe('');
  });

  it('makes missing directories, which others may pass through', async () => {
    const { dir, file } = source('new');
    await (await connect(connectionOf())).send(file, `${dir}/a/b/target`);
    expect(readFileSync(`${dir}/a/b/target`, 'utf8')).toBe('new');
    expect(statSync(`${dir}/a`).mode & 0o777).toBe(0o755);
  });

  it('takes any name literally', async () => {
    const { dir, file } = source('new');
    await (await connect(connectionOf())).send(file, `${dir}/${ODD}/${ODD}`);
    expect(readdirSync(dir).sort()).toEqual([ODD, 'source'].sort());
    expect(readdirSync(`${dir}/${ODD}`)).toEqual([ODD]);
  });

  it('replaces what is there, a link itself and not what it points to', async () => {
    const { dir, file } = source('new');
    writeFileSync(`${dir}/other`, 'other');
    symlinkSync(`${dir}/other`, `${dir}/target`);
    symlinkSync(`${dir}/other`, `${dir}/.target.quorate-part`);
    await (await connect(connectionOf())).send(file, `${dir}/target`);
    expect(readFileSync(`${dir}/target`, 'utf8')).toBe('new');
    expect(readFileSync(`${dir}/other`, 'utf8')).toBe('other');
  });

  it.each(['relative/path', '/with\nnewline'])('refuses %j before it starts', async (target) => {
    const { file } = source('new');
    await expect((await connect(connectionOf())).send(file, target)).rejects.toMatchObject({
      exitCode: 1,
      message: `node1: ${JSON.stringify(target)} is not a path to send to`,
    });
  });

  it('names a directory that cannot be made', async () => {
    const { dir, file } = source('new');
    writeFileSync(`${dir}/plain`, '');
    await expect((await connect(connectionOf())).send(file, `${dir}/plain/target`)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        new RegExp(
          `^node1: cannot write ${dir}/plain/target: mkdir: .*${dir}/plain/?.*: (File exists|Not a directory)`,
        ),
      ),
    });
  });

  it('does not put a file into a directory of its name', async () => {
    const { dir, file } = source('new');
    mkdirSync(`${dir}/target`);
    await expect((await connect(connectionOf())).send(file, `${dir}/target`)).rejects.toMatchObject({
      exitCode: 2,
      message: `node1: cannot write ${dir}/target: it is a directory`,
    });
    expect(readdirSync(`${dir}/target`)).toEqual([]);
  });

  it('leaves the old file alone when there is no room for the new one', async () => {
    const { dir, file } = source(randomBytes(5_000_000));
    writeFileSync(`${dir}/target`, 'old');
    const way = {
      host: 'node1',
      spawn: under('ulimit -f 100; trap "" XFSZ'),
      env: process.env,
      loginShell: false,
      sudo: undefined,
    };
    await expect(sendFile(way, file, `${dir}/target`, undefined)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        `^node1: cannot write ${dir}/target: cat: write error: File too large; /\\S* has \\d+ KiB free$`,
      ),
    });
    expect(readFileSync(`${dir}/target`, 'utf8')).toBe('old');
    expect(readdirSync(dir).sort()).toEqual(['source', 'target']);
  });

  it('leaves the old file alone when not all bytes arrive', async () => {
    const { dir, file } = source('0123456789');
    writeFileSync(`${dir}/target`, 'old');
    const way = {
      host: 'node1',
      spawn: cutShort(`#quorate-${'0'.repeat(24)}\n#${dir}/target\n#10\n01234`.length),
      env: process.env,
      loginShell: false,
      sudo: undefined,
    };
    await expect(sendFile(way, file, `${dir}/target`, undefined)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/target: 5 of 10 bytes arrived$/),
    });
    expect(readFileSync(`${dir}/target`, 'utf8')).toBe('old');
    expect(readdirSync(dir).sort()).toEqual(['source', 'target']);
  });

  it('does not know the outcome when the receiving end is killed, as on a host that goes down', async () => {
    const { dir, file } = source('0123456789');
    writeFileSync(`${dir}/target`, 'old');
    writeFileSync(`${dir}/mv`, '#!/bin/sh\nkill -KILL "$PPID"\n', { mode: 0o755 });
    const way = {
      host: 'node1',
      spawn: under(`PATH=${dir}:$PATH`),
      env: process.env,
      loginShell: false,
      sudo: undefined,
    };
    await expect(sendFile(way, file, `${dir}/target`, undefined)).rejects.toMatchObject({
      exitCode: 4,
      message:
        'node1: the connection was lost, so the outcome there is unknown: what received a file was killed',
    });
    expect(readFileSync(`${dir}/target`, 'utf8')).toBe('old');
  });

  it('fails without a trace when the source cannot be read', async () => {
    const dir = scratch();
    const host = await connect(connectionOf());
    await expect(host.send(`${dir}/missing`, `${dir}/target`)).rejects.toMatchObject({
      exitCode: 2,
      message: `node1: cannot write ${dir}/target: ENOENT: no such file or directory, stat '${dir}/missing'`,
    });
    await expect(host.send(dir, `${dir}/target`)).rejects.toMatchObject({
      exitCode: 2,
      message: `node1: cannot write ${dir}/target: EISDIR: illegal operation on a directory, read`,
    });
    expect(readdirSync(dir)).toEqual([]);
  });
});

/** Runs the program after some shell of the test's. */
function under(before: string): Spawn {
  const wrapped = (command: string, _args: readonly string[], options: object) =>
    spawn('/bin/bash', ['-c', `${before}; exec /bin/sh -c "$0"`, command], { ...options, shell: false });
  return wrapped as unknown as Spawn;
}

/** Lets so many bytes of standard input through. */
function cutShort(bytes: number): Spawn {
  return under(`exec < <(head -c ${bytes})`);
}
