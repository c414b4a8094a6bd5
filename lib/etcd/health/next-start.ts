import { commandLine } from '../../command-line.ts';
import { isUp } from '../facts/index.ts';
import { memberOf } from '../model/cluster.ts';
import { openIntent } from '../survey/intents.ts';
import { type EtcdHost, hasDue } from '../surveyed.ts';

/**
 * What members that run do not mind before their next start, one line each: another program lies there, or none, or
 * systemd does not start them with the host. What a run is about to put right is no news.
 */
export function nextStarts(hosts: readonly EtcdHost[]): readonly string[] {
  if (openIntent(hosts) !== undefined) return [];
  return hosts.flatMap((host) => [
    ...(hasDue(host, 'binaries') ? [] : program(host)),
    ...(hasDue(host, 'systemd') ? [] : atBoot(host)),
  ]);
}

function program({ target }: EtcdHost): readonly string[] {
  const { kept, reading } = target.facts;
  const runs = reading?.status?.version;
  const isOther = runs !== undefined && kept.program !== undefined && kept.program !== runs;
  const what =
    kept.unrunnable ?? (isOther ? `is etcd ${kept.program}, and the member runs ${runs}` : undefined);
  if (what === undefined) return [];
  const { binDir } = memberOf(target);
  const how =
    target.vars.etcd_source === 'path'
      ? `put etcd ${runs ?? ''} back`.replace('  ', ' ')
      : `${commandLine('site')} -r binaries puts it right`;
  return [`${target.name}: ${binDir}/etcd ${what}: its next start, or a reboot, ends the member; ${how}`];
}

function atBoot({ target }: EtcdHost): readonly string[] {
  const { facts, name } = target;
  if (!isUp(facts) || !/^(disabled|masked|enabled-runtime|masked-runtime)$/.test(facts.unitState ?? ''))
    return [];
  const { service } = memberOf(target);
  const enables = `${commandLine('site')} -r systemd enables it`;
  // No run starts what is masked.
  const unmask = `systemctl unmask ${facts.unitState === 'masked-runtime' ? '--runtime ' : ''}${service}`;
  const how = facts.unitState?.startsWith('masked')
    ? `find out why: ${unmask} there, then ${enables}`
    : enables;
  return [`${name}: ${service} is ${facts.unitState}: a reboot leaves the member down; ${how}`];
}
