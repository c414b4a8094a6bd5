import { sha256 } from '../lib/dsl/path.ts';
import type { Role, Target } from '../lib/dsl/role.ts';
import { type Sh, sh } from '../lib/dsl/shell/sh.ts';
import type { Task } from '../lib/dsl/task.ts';
import { etcdAccount } from '../lib/etcd/account.ts';
import { etcdctlFunction, wantedEtcdctl } from '../lib/etcd/facts/etcdctl/etcdctl.ts';
import { formedText } from '../lib/etcd/facts/formed.ts';
import type { EtcdFacts } from '../lib/etcd/facts/index.ts';
import {
  bootstrapEnvironment,
  closedEnvironment,
  etcdConf,
  joinEnvironment,
  withoutBootstrapKeys,
} from '../lib/etcd/files/etcd-conf.ts';
import { type MemberServiceOptions, memberService } from '../lib/etcd/files/member-service.ts';
import { tellingLine } from '../lib/etcd/files/telling-line.ts';
import { etcdUnit, loadedPaths, recordCommand, unitWithoutWait } from '../lib/etcd/files/unit.ts';
import { clusterOf, type Member, memberOf } from '../lib/etcd/model/cluster.ts';
import {
  bootstrapFile,
  confFile,
  dropInDir,
  formedRecord,
  loadedRecord,
  logFile,
  memberUnitPath,
  pairFiles,
  pidFile,
} from '../lib/etcd/model/paths.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import { needs, needsProgram } from '../lib/etcd/needs.ts';
import { directory } from '../lib/resources/directory.ts';
import { file } from '../lib/resources/file.ts';
import type { Loaded, ManagedOptions } from '../lib/resources/service/types.ts';
import { waitFor } from '../lib/resources/wait-for.ts';

/** Seconds for a member to answer after its start; a first election takes one or two. */
const READY = 60;

/** The same for one that joins: all data comes over the network first, at `SLOWEST` at least. */
const JOINED = 300;

/** Bytes a second. */
const SLOWEST = 1024 ** 2;

/** The unit (or the plain process), enabled and running with the files as they are. */
export const systemd: Role<EtcdFacts> = {
  name: 'systemd',
  description: 'the hardened unit; etcd is enabled and running',
  vars: declare(...MEMBER_VARS, 'etcd_source'),
  tasks(target) {
    const member = memberOf(target);
    const prerequisites = [
      ...etcdAccount(member),
      needsProgram(member, target.vars),
      needs(pairFiles(member, 'server').cert, 'certs'),
      needs(confFile(member), 'config'),
    ];
    return member.manager === 'process'
      ? [...prerequisites, ...plainProcess(target, member)]
      : [...prerequisites, ...unit(target, member)];
  },
};

function unit(target: Target<EtcdFacts>, member: Member) {
  const conf = etcdConf(target);
  const content = etcdUnit(member, target.facts.systemd ?? 0, conf);
  const path = memberUnitPath(member);
  return [
    file(path, {
      content,
      mode: '0644',
      owner: 'root',
      group: 'root',
      title: `the unit ${member.service}.service is hardened`,
      inTurn: true,
    }),
    memberService(member.service, {
      ...wanted(target, member, {
        manager: 'systemd',
        unitPath: path,
        logs: member.logFiles,
        loads: loads(target, member, {
          [path]: { digest: sha256(content), alike: [sha256(unitWithoutWait(content, conf))] },
        }),
        ready: {
          until: sh`${joins(target) ? staysStarting(member) : sh`:`}
[ "$(systemctl is-active ${member.service}.service)" = active ] && ${ready(target, member)}`,
          timeout: patience(target),
          telling: tellingLine,
        },
      }),
      title: 'etcd is enabled and running',
      inTurn: true,
    }),
    formed(target, member, { owner: 'root', group: 'root' }),
  ];
}

function plainProcess(target: Target<EtcdFacts>, member: Member) {
  const { stateDir, binDir, clientPort } = member;
  const listening = `:${clientPort.toString(16).toUpperCase().padStart(4, '0')} 0`;
  return [
    directory(stateDir, { mode: '0700', title: 'the directory of records exists' }),
    memberService(member.service, {
      ...wanted(target, member, {
        manager: 'process',
        executable: `${binDir}/etcd`,
        before: sh`{ ${recordCommand(member)}; } >${loadedRecord(member)}`,
        environmentFiles: [confFile(member), bootstrapFile(member)],
        pidFile: pidFile(member),
        log: logFile(member),
        loads: loads(target, member),
        ready: {
          until: sh`grep -q ${listening} /proc/net/tcp /proc/net/tcp6 && ${ready(target, member)}`,
          timeout: patience(target),
          telling: tellingLine,
        },
      }),
      title: 'etcd is running',
      inTurn: true,
    }),
    ...(mayWaitForQuorum(target) ? [quorum(member)] : []),
    formed(target, member),
  ];
}

/** A process runs before it has a quorum, and who finds it running did not wait for that. */
function mayWaitForQuorum(target: Target<EtcdFacts>): boolean {
  const { facts } = target;
  return (
    !joins(target) &&
    facts.formed === undefined &&
    facts.service === 'active' &&
    facts.reading?.healthy !== true
  );
}

function quorum(member: Member): Task {
  return waitFor(`${member.name} has a quorum`, {
    until: answers(member, etcdctlFunction),
    timeout: READY,
    inTurn: true,
  });
}

/**
 * The service is ready with a quorum only, so after its start this is true; a member that answers has one by
 * now. From here on none may begin without data again.
 */
function formed(
  target: Target<EtcdFacts>,
  member: Member,
  owner: { owner?: string; group?: string } = {},
): Task {
  return file(formedRecord(member), {
    content: formedText(clusterOf(target)),
    mode: '0644',
    ...owner,
    title: 'it is on record that the member was part of a quorum',
    inTurn: target.facts.reading?.healthy !== true,
  });
}

function wanted(target: Target<EtcdFacts>, member: Member, service: ManagedOptions): MemberServiceOptions {
  const bootstrap = { path: bootstrapFile(member), content: firstStart(target, member) };
  return { service, record: loadedRecord(member), bootstrap };
}

/** What a member is told at its first start only. */
function firstStart({ facts: { cluster } }: Target<EtcdFacts>, member: Member): (() => string) | undefined {
  const { joins, token, closed } = cluster ?? {};
  if (joins) return () => `${joinEnvironment(joins)}${closed ? closedEnvironment(member) : ''}`;
  return token === undefined ? undefined : () => bootstrapEnvironment(token);
}

function patience(target: Target<EtcdFacts>): number {
  const { incoming = 0 } = target.facts.cluster ?? {};
  return joins(target) ? JOINED + Math.ceil(incoming / SLOWEST) : READY;
}

/**
 * Has systemd wait on, every ten seconds for two minutes: a learner is ready once all data is there, and one that is ended
 * before begins anew, each time. Only from systemd 236 on, and only while somebody waits here; a drop-in would count as
 * loaded.
 */
function staysStarting({ service }: Member): Sh {
  return sh`case $(date +%s) in *0)
  q_main=$(systemctl show -p MainPID ${service}.service)
  NOTIFY_SOCKET=/run/systemd/notify systemd-notify --pid="\${q_main#MainPID=}" EXTEND_TIMEOUT_USEC=120000000 || : ;;
esac`;
}

function joins({ facts }: Target<EtcdFacts>): boolean {
  return facts.cluster?.joins !== undefined;
}

/** It does its work; a learner, which lets nobody read through it, answers. */
function ready(target: Target<EtcdFacts>, member: Member): Sh {
  if (!joins(target)) return answers(member);
  // One that is closed to clients listens where its process says, and not where it is wanted.
  const etcdctl = target.facts.cluster?.closed ? etcdctlFunction : wantedEtcdctl;
  return sh`(${etcdctl(member)}; q_reach; q_etcdctl endpoint status)`;
}

/** What a start must have loaded; `written`: of files that are written by this run. */
function loads(
  target: Target<EtcdFacts>,
  member: Member,
  written: Readonly<Record<string, Omit<Loaded, 'path'>>> = {},
): readonly Loaded[] {
  const known: typeof written = {
    ...written,
    [confFile(member)]: { digest: sha256(withoutBootstrapKeys(etcdConf(target))) },
    [dropInDir(member)]: { digest: target.facts.unit.dropInDigest ?? sha256('') },
  };
  return loadedPaths(member).map((path) => ({ path, ...known[path] }));
}

/** A linearizable read through the member: there is quorum, and the certificates fit. An alarm is for the gate. */
function answers(member: Member, etcdctl = wantedEtcdctl): Sh {
  return sh`(${etcdctl(member)}; q_reach; q_answers)`;
}
