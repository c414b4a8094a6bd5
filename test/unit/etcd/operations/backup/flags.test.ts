import { describe, expect, it } from 'vitest';
import { backupPlay } from '../../../../../lib/etcd/operations/backup/play.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';

const problems = (vars: Record<string, unknown>) => {
  const { hosts } = fakeCluster([{}, {}, {}], vars);
  return (backupPlay.check?.(hosts.map(({ target }) => target)) ?? [])
    .filter(({ level }) => level !== 'warning')
    .map(({ message }) => message);
};

describe('the command line of backup', () => {
  it.each(['/srv/backups', 'backups', './a:b', '../x', '/srv/a@b'])('copies to %s', (to) => {
    expect(problems({ to })).toEqual([]);
  });

  it.each([
    'sftp://backup@host/srv',
    'sftp://host/srv/etcd',
    'sftp://backup@host:2222/~/etcd',
    'sftp://[fd00::1]/srv',
  ])('copies to %s', (to) => {
    expect(problems({ to })).toEqual([]);
  });

  it.each(['s3://bucket/prod', 'backup@host:/srv', 'host:backups'])(
    'refuses %s: it would make a folder of that name',
    (to) => {
      expect(problems({ to })).toEqual([
        `--to ${to}: copies go to a folder of this machine, or to sftp://user@host/folder`,
      ]);
    },
  );

  it.each(['sftp://backup@host', 'sftp://host/', 'sftp:///srv', 'sftp://host/srv?x=1', 'sftp://host:port/x'])(
    'refuses %s',
    (to) => {
      expect(problems({ to })).toEqual([`--to ${to}: this is no folder of a host`]);
    },
  );

  it.each(['sftp://backup:hidden@host/srv', 'ftp://backup:hidden@host/srv'])(
    'never shows a password',
    (to) => {
      expect(problems({ to })).toEqual([expect.not.stringContaining('hidden')]);
    },
  );

  it.each([{ list: true }, { keep: '1h' }])('tries none with %j', (vars) => {
    expect(problems({ drill: true, ...vars })).toHaveLength(1);
  });

  it.each([
    ['24h,7d,4w,12m', 0],
    ['all', 0],
    ['some', 1],
  ])('takes --keep %s: %i problems', (keep, count) => {
    expect(problems({ keep })).toHaveLength(count);
  });
});
