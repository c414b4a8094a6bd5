import { dirname } from 'node:path';
import type { Role } from '../lib/dsl/role.ts';
import { joinSh, sh } from '../lib/dsl/shell/sh.ts';
import type { Task } from '../lib/dsl/task.ts';
import { etcdAccount } from '../lib/etcd/account.ts';
import type { EtcdFacts } from '../lib/etcd/facts/index.ts';
import { etcdConf } from '../lib/etcd/files/etcd-conf.ts';
import { etcdctlScript } from '../lib/etcd/files/etcdctl-wrapper.ts';
import { type Member, memberOf } from '../lib/etcd/model/cluster.ts';
import { confFile, etcdctlWrapper, pidFile } from '../lib/etcd/model/paths.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import { refuseUnlessStopped } from '../lib/etcd/stopped.ts';
import { directory } from '../lib/resources/directory.ts';
import { file } from '../lib/resources/file.ts';
import { stopPidFile } from '../lib/resources/service/process.ts';
import { setAside } from '../lib/resources/set-aside.ts';

/** `etcd.conf` and the data directory. */
export const config: Role<EtcdFacts> = {
  name: 'config',
  description: 'etcd.conf and the data directory',
  vars: declare(...MEMBER_VARS, 'etcd_loopback_http'),
  tasks(target) {
    const member = memberOf(target);
    const { configDir, dataDir, walDir, user, group } = member;
    const root = user === undefined ? {} : { owner: 'root' };
    return [
      ...etcdAccount(member),
      directory(configDir, { mode: '0755', ...root, title: 'the configuration directory exists' }),
      // Readable for the member: it hashes the file into its start record.
      describing(
        dataDir,
        file(confFile(member), {
          content: etcdConf(target),
          mode: '0640',
          ...root,
          group,
          title: `etcd.conf describes member ${member.name}`,
          inTurn: true,
        }),
      ),
      file(etcdctlWrapper(member), {
        content: etcdctlScript(member),
        mode: '0755',
        ...root,
        ...(user && { group: 'root' }),
        title: `etcdctl of ${member.name} is at hand`,
      }),
      ...(target.facts.setAside ? dataSetAside(member) : []),
      directory(dataDir, { mode: '0700', owner: user, group, title: 'the data directory is private' }),
      ...(walDir === undefined ? [] : walDirectories(member, walDir)),
      ...logDirectories(member),
    ];
  },
};

/** With `etcd.conf` the manifest gets the data directory that it names, also one that somebody moved there by hand. */
function describing(dataDir: string, conf: Task): Task {
  return { ...conf, owns: [...conf.owns, dataDir] };
}

/** Data that the survey let go makes way, with whatever runs on it. */
function dataSetAside(member: Member) {
  const { dataDir, walDir, service, manager, user } = member;
  const unit = `${service}.service`;
  const stopped =
    manager === 'process'
      ? stopPidFile(pidFile(member))
      : sh`systemctl stop ${unit} 2>/dev/null; systemctl reset-failed ${unit} 2>/dev/null`;
  const stop = joinSh([stopped, refuseUnlessStopped(member)]);
  const asRoot = user !== undefined;
  const aside = (path: string, what: string) =>
    setAside(path, {
      label: 'set-aside',
      asRoot,
      service,
      stop,
      title: `the ${what} of another cluster is set aside`,
    });
  return [aside(dataDir, 'data'), ...(walDir === undefined ? [] : [aside(walDir, 'raft log')])];
}

/** What it logs to is opened by the member itself. */
function logDirectories({ logFiles, user, group }: Member) {
  const dirs = [...new Set(logFiles.map((path) => dirname(path)))];
  return dirs.map((path) =>
    directory(path, { mode: '0750', owner: user, group, title: 'the directory of its log exists' }),
  );
}

/** etcd makes a new log beside its place and renames it, so the directory above must be its own. */
function walDirectories({ user, group }: Member, walDir: string) {
  const own = { owner: user, group };
  return [
    directory(dirname(walDir), { mode: '0755', ...own, title: "the raft log's parent is the member's" }),
    directory(walDir, { mode: '0700', ...own, title: "the raft log's directory is private" }),
  ];
}
