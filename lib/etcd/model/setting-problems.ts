import { dirname, normalize } from 'node:path';
import type { HostData } from '../../dsl/role.ts';
import type { Member } from './cluster.ts';
import { sharedBy } from './dir-problems.ts';
import { hostSettingsProblems, type SettingProblem } from './flags.ts';
import type { Listed, Problem } from './listed.ts';
import { isLoopbackUrl, list, listenUrls } from './settings.ts';

/** Without a version in the inventory, the running one is asked later, before anything is written. */
export function ofSettings({ host, member }: Listed): readonly Problem[] {
  const { etcd_version: version } = host.vars;
  const settings = (host.vars.etcd_settings ?? {}) as Readonly<Record<string, unknown>>;
  const problems = [
    ...hostSettingsProblems(host, version === undefined ? undefined : String(version)),
    ...[...ofLogFiles(member), ...ofUrls(member, settings), ...ofAllowedNames(host, member)].map(
      (problem) => ({
        ...problem,
        message: `etcd_settings of ${host.name}: ${problem.message}`,
      }),
    ),
  ];
  return problems.map((problem) => ({ host: host.name, variable: 'etcd_settings', ...problem }));
}

/** The directory of a log becomes the member's: etcd opens and rotates it by itself. */
function ofLogFiles(member: Member): readonly SettingProblem[] {
  return member.logFiles.flatMap((path) => {
    const dir = dirname(normalize(path));
    const why = sharedBy(member, dir);
    if (why === undefined) return [];
    return [
      {
        message: `log-outputs has ${path}: its directory becomes the member's, and ${why}`,
        hint: `a directory of its own will do: /var/log/${member.service}/etcd.log`,
      },
    ];
  });
}

/** Members ask and are asked with certificates of their own: a name that those lack shuts all of them out. */
function ofAllowedNames({ vars }: HostData, { name, address }: Member): readonly SettingProblem[] {
  const settings = (vars.etcd_settings ?? {}) as Readonly<Record<string, unknown>>;
  const common = ['localhost', ...list(vars.etcd_extra_sans ?? [])];
  const carried = {
    'client-cert-allowed-hostname': [...common, name, address],
    'peer-cert-allowed-hostname': common,
  };
  return Object.entries(carried).flatMap(([setting, names]) => {
    const allowed = String(settings[setting] ?? '').split(',');
    if (settings[setting] === undefined || allowed.some((one) => names.includes(one.trim()))) return [];
    return {
      message: `${setting} is ${settings[setting]}, which the certificates of members do not have: it would shut them out`,
      hint: 'add it to etcd_extra_sans, and let the certificates be issued before',
    };
  });
}

/** One socket cannot serve two things. */
function ofUrls(
  { clientPort, peerPort, metricsPort }: Member,
  settings: Readonly<Record<string, unknown>>,
): readonly SettingProblem[] {
  const problems: SettingProblem[] = [];
  if (metricsPort !== undefined && settings['listen-metrics-urls'] !== undefined)
    problems.push({
      message: 'listen-metrics-urls is set by etcd_metrics_port',
      hint: 'take one of them out',
    });
  for (const { setting, url } of listenUrls(settings)) {
    const port = URL.canParse(url) ? Number(new URL(url).port) : 0;
    if (!isLoopbackUrl(url) && [clientPort, peerPort, metricsPort].includes(port))
      problems.push({ message: `${setting} has ${url}, a port that is taken`, hint: 'choose another port' });
  }
  return problems;
}
