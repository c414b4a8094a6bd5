import { join } from 'node:path';
import { type Outcome, run } from '../host/process.ts';

/** A member of its own that has nothing yet, and the programs that ask it. */
export interface Asked {
  readonly url: string;
  /** Where its programs lie. */
  readonly dir: string;
  readonly dataDir: string;
  readonly version: string;
  /** `within`: words in front, as `timeout 1`. */
  readonly etcdctl: (args: readonly string[], input?: string, within?: readonly string[]) => Promise<Outcome>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

type Answers = Record<string, Outcome>;

/** What is asked beside the health of a cluster: keys, leases, snapshots, users; the last end the member. */
export async function furtherAnswers(asked: Asked): Promise<Answers> {
  return {
    ...(await ofKeys(asked)),
    ...(await ofLeases(asked)),
    ...(await ofSnapshots(asked)),
    ...(await ofUsers(asked)),
    ...(await ofStore(asked)),
  };
}

async function ofKeys({ etcdctl }: Asked): Promise<Answers> {
  const json = (...args: string[]) => etcdctl(['-w', 'json', ...args]);
  const swap = () => etcdctl(['-w', 'json', 'txn'], 'value("k/a") = "one"\n\nput k/a two\n\n\n\n');
  const counted = ['get', '', '--prefix', '--keys-only', '--limit=1'];
  return {
    'count of no key': await json(...counted),
    put: await json('put', 'k/a', 'one'),
    'get of a key': await json('get', 'k/a'),
    'get of no key': await json('get', 'k/b'),
    'txn that holds': await swap(),
    'txn that does not': await swap(),
    'put of another': await json('put', 'k/b', '1'),
    'count of two keys': await json(...counted),
    watch: await etcdctl(['-w', 'json', 'watch', '--prefix', '--rev=2', 'k/'], '', ['timeout', '1']),
  };
}

async function ofLeases({ etcdctl }: Asked): Promise<Answers> {
  const json = (...args: string[]) => etcdctl(['-w', 'json', ...args]);
  const granted = await json('lease', 'grant', '60');
  const [, id = '0'] = /"ID":(\d+)/i.exec(granted.stdout) ?? [];
  const lease = BigInt(id).toString(16);
  return {
    'lease grant': granted,
    'lease timetolive': await json('lease', 'timetolive', lease),
    'lease revoke': await json('lease', 'revoke', lease),
    'lease timetolive of one that ended': await json('lease', 'timetolive', lease),
  };
}

async function ofSnapshots({ dir, version, etcdctl }: Asked): Promise<Answers> {
  const file = join(dir, 'snapshot.db');
  await etcdctl(['snapshot', 'save', file]);
  const utl = (...args: string[]) => run(join(dir, 'etcdutl'), args);
  const hasUtl = !/^3\.[34]\./.test(version);
  const ctl = (...args: string[]) => etcdctl(args);
  const tool = hasUtl ? utl : ctl;
  return {
    'version of etcdctl': await ctl('version'),
    'snapshot status': await tool('-w', 'json', 'snapshot', 'status', file),
    'snapshot status of no file': await tool('-w', 'json', 'snapshot', 'status', join(dir, 'none.db')),
    'snapshot restore --help': await tool('snapshot', 'restore', '--help'),
    ...(hasUtl && {
      'version of etcdutl': await utl('version'),
      'snapshot status by etcdctl': await ctl('-w', 'json', 'snapshot', 'status', file),
    }),
  };
}

async function ofUsers({ etcdctl }: Asked): Promise<Answers> {
  const root = (...args: string[]) => etcdctl(['--user=root:secret', ...args]);
  const asNobody = () => etcdctl(['--user=quorate:none', 'get', 'quorate/none', '--keys-only']);
  const before = await asNobody();
  await etcdctl(['role', 'add', 'root']);
  await etcdctl(['user', 'add', 'root:secret']);
  await etcdctl(['user', 'grant-role', 'root', 'root']);
  await etcdctl(['auth', 'enable']);
  const answers = {
    'get as a user, without authentication': before,
    'get as a user that is none': await asNobody(),
    'get as nobody': await etcdctl(['get', 'quorate/none', '--keys-only']),
    'status as nobody': await etcdctl(['-w', 'json', 'endpoint', 'status']),
  };
  await root('auth', 'disable');
  return answers;
}

/** 3.5 alone can tell of data of API 2. */
async function ofStore({ url, dir, dataDir, version, start, stop }: Asked): Promise<Answers> {
  if (!version.startsWith('3.5.')) return {};
  const check = async () => {
    await stop();
    return run(join(dir, 'etcdutl'), ['check', 'v2store', '--data-dir', dataDir]);
  };
  const without = await check();
  await start();
  // It is looked for in the newest raft snapshot, which comes after a few requests.
  for (let i = 0; i < 30; i++) {
    const body = new URLSearchParams({ value: '1' });
    await fetch(`${url}/v2/keys/key-${i}`, { method: 'PUT', body });
  }
  return {
    'check v2store': without,
    'check v2store with a key': await check(),
    'check v2store of no data': await run(join(dir, 'etcdutl'), ['check', 'v2store', '--data-dir', dir]),
  };
}
