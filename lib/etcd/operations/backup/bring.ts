import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sh } from '../../../dsl/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { memberOf } from '../../model/cluster.ts';
import type { Snapshot } from '../../snapshots/index.ts';
import type { EtcdHost } from '../../surveyed.ts';

/**
 * Brings a snapshot of a host to a folder of control: 0600, under its own name once it has the digest that was taken on
 * the host, and its description beside it last. Resolves to its path. Throws 5 where it arrives as something else.
 */
export async function bringSnapshot(host: EtcdHost, snapshot: Snapshot, folder: string): Promise<string> {
  const { file, sha256 } = snapshot;
  const path = join(folder, file);
  const passing = join(folder, `.${file}.${process.pid}.part`);
  try {
    const digest = await receiveInto(host, file, passing);
    if (digest !== sha256) {
      throw new QuorateError(
        `${host.target.name}: ${file} arrived with SHA-256 ${digest}, wanted ${sha256}: it has changed there since it was verified, or on the way`,
        { exitCode: EXIT.untrusted, host: host.target.name, hint: 'take another snapshot' },
      );
    }
    renameSync(passing, path);
  } finally {
    rmSync(passing, { force: true });
  }
  const { age: _age, ...description } = snapshot;
  writeFileSync(`${passing}.json`, `${JSON.stringify(description)}\n`, { mode: 0o600 });
  renameSync(`${passing}.json`, descriptionOf(path));
  return path;
}

/** What lies beside a snapshot. */
export function descriptionOf(path: string): string {
  return path.replace(/\.db$/, '.json');
}

async function receiveInto(host: EtcdHost, file: string, path: string): Promise<string> {
  const digest = createHash('sha256');
  const { backupDir } = memberOf(host.target);
  rmSync(path, { force: true });
  const out = openSync(path, 'wx', 0o600);
  try {
    const code = await host.receive(`bringing ${file}`, sh`cat -- ${`${backupDir}/${file}`}`, (chunk) => {
      digest.update(chunk);
      for (let at = 0; at < chunk.length; ) at += writeSync(out, chunk, at);
    });
    if (code !== 0) {
      throw new QuorateError(`${host.target.name}: ${file} could not be read to its end`, {
        exitCode: EXIT.failed,
        host: host.target.name,
      });
    }
    fsyncSync(out);
  } finally {
    closeSync(out);
  }
  return digest.digest('hex');
}
