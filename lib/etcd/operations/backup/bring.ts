import { createHash } from 'node:crypto';
import { sh } from '../../../dsl/shell/sh.ts';
import type { Store } from '../../../dsl/source/store.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { asMember } from '../../facts/etcdctl/etcdctl.ts';
import { memberOf } from '../../model/cluster.ts';
import type { Snapshot } from '../../snapshots/index.ts';
import { DIGEST_BYTES } from '../../snapshots/snapshot.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { descriptionOf } from './copies.ts';
import { SEALED, type Stage } from './seal.ts';

/** Bytes that are asked for at a time: the store takes them in before the next are, however slow it is. */
const PIECE = 16 * 2 ** 20;

/**
 * Brings a snapshot of a host to a store: under its own name once it has the digest that was taken on the host, and its
 * description beside it last. It passes through this machine in pieces, and is encrypted here where there is a `seal`.
 * Resolves to its name there. Throws 5 where it arrives as something else.
 */
export async function bringSnapshot(
  host: EtcdHost,
  snapshot: Snapshot,
  store: Store,
  seal?: Stage,
): Promise<string> {
  const { file } = snapshot;
  const bytes = checked(host, snapshot);
  const stored = seal ? `${file}${SEALED}` : file;
  await store.write(stored, seal ? seal(bytes) : bytes);
  const { age: _age, ...description } = snapshot;
  await store.write(descriptionOf(file), lineOf(description));
  return stored;
}

async function* lineOf(description: object): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${JSON.stringify(description)}\n`);
}

async function* checked(host: EtcdHost, { file, sha256, size }: Snapshot): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256');
  for await (const piece of piecesOf(host, file, size + DIGEST_BYTES)) {
    digest.update(piece);
    yield piece;
  }
  const arrived = digest.digest('hex');
  if (arrived === sha256) return;
  const { name } = host.target;
  throw new QuorateError(
    `${name}: ${file} arrived with SHA-256 ${arrived}, wanted ${sha256}: it has changed there since it was verified, or on the way`,
    { exitCode: EXIT.untrusted, host: name, hint: 'take another snapshot' },
  );
}

async function* piecesOf(host: EtcdHost, file: string, size: number): AsyncGenerator<Buffer> {
  const member = memberOf(host.target);
  const path = `${member.backupDir}/${file}`;
  for (let at = 0; at < size; at += PIECE) {
    const doing = `bringing ${file}: ${Math.floor((100 * at) / size)} %`;
    const piece = sh`dd if=${path} bs=${PIECE} skip=${at / PIECE} count=1 2>/dev/null`;
    const { code, bytes } = await host.receive(doing, asMember(member, piece), PIECE);
    if (code !== 0) {
      throw new QuorateError(`${host.target.name}: ${file} could not be read to its end`, {
        exitCode: EXIT.failed,
        host: host.target.name,
      });
    }
    yield bytes;
  }
}
