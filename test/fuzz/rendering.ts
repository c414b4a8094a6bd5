import type { Target } from '../../lib/dsl/role.ts';
import type { EtcdFacts } from '../../lib/etcd/facts/index.ts';
import { bootstrapEnvironment, etcdConf } from '../../lib/etcd/files/etcd-conf.ts';
import { etcdUnit, recordCommand } from '../../lib/etcd/files/unit.ts';
import { memberOf } from '../../lib/etcd/model/cluster.ts';
import { loadedRecord } from '../../lib/etcd/model/paths.ts';
import { parseEnvironmentFile } from './environment-file.ts';
import { show } from './ground.ts';
import { targetOf } from './targets.ts';

const SYSTEMD = 252;
const PLAIN = targetOf('plain');
const PLAIN_KEYS = keysOf(parseEnvironmentFile(Buffer.from(etcdConf(PLAIN))));
const PLAIN_UNIT = directives(etcdUnit(memberOf(PLAIN), SYSTEMD, ''));

/** Without who is let in at the peer port: a setting may say it in the place of what we say. */
function keysOf(conf: ReadonlyMap<string, unknown>): readonly string[] {
  return [...conf.keys()].filter((key) => !key.startsWith('ETCD_PEER_CERT_ALLOWED_'));
}

/** A value of an inventory changes values in files, and never what there is in them. */
export function checkRendering(target: Target<EtcdFacts>, value: string | undefined): void {
  const said = (what: string) => new Error(`${show(value ?? target.vars)}: ${what}`);
  const conf = parseEnvironmentFile(Buffer.from(etcdConf(target)));
  const keys = keysOf(conf);
  if (show(keys) !== show(PLAIN_KEYS)) throw said(`etcd.conf has ${show(keys)}`);
  const member = memberOf(target);
  const expected: Readonly<Record<string, string>> = {
    ETCD_NAME: member.name,
    ETCD_DATA_DIR: member.dataDir,
    ETCD_CERT_FILE: `${member.certDir}/server.pem`,
    ETCD_INITIAL_CLUSTER: `${member.name}=${member.peerUrl}`,
  };
  for (const [key, wanted] of Object.entries(expected)) {
    if (conf.get(key) !== wanted) throw said(`${key} is read as ${show(conf.get(key))}`);
  }
  const token = target.facts.cluster?.token;
  if (token !== undefined) {
    const found = parseEnvironmentFile(Buffer.from(bootstrapEnvironment(token)));
    if (found.size !== 2 || found.get('ETCD_INITIAL_CLUSTER_TOKEN') !== token) {
      throw said(`the bootstrap file is read as ${show([...found])}`);
    }
  }
  const unit = etcdUnit(member, SYSTEMD, '');
  if (show(directives(unit)) !== show(PLAIN_UNIT)) throw said('the unit has other directives');
  const [start = '', ...others] = unit.split('\n').sort((a, b) => Number(isStart(b)) - Number(isStart(a)));
  // Specifiers, variables, escapes, globs: none of ours has any, so none may come from outside.
  const odd = others.find((line) => /=.*[%$\\*?[\]{}]/.test(line));
  if (odd !== undefined) throw said(`the unit has ${show(odd)}`);
  const script = `{ ${recordCommand(member).text}; } >${loadedRecord(member)}`;
  const read = argumentsOf(start.slice('ExecStartPre='.length));
  if (show(read) !== show(['-/bin/sh', '-c', script])) throw said(`systemd would run ${show(read)}`);
}

function isStart(line: string): boolean {
  return line.startsWith('ExecStartPre=');
}

/** How systemd takes a command line apart (systemd.service(5), COMMAND LINES); of escapes, those of quotes. */
function argumentsOf(line: string): readonly string[] {
  const words = line.match(/(?:'(?:[^'\\]|\\.)*'|[^\s'])+/g) ?? [];
  return words.map((word) => {
    const bare = word.replaceAll(/'((?:[^'\\]|\\.)*)'/g, '$1').replaceAll(/\\(.)/g, '$1');
    if (/(?<!\$)(\$\$)*\$(?!\$)|(?<!%)(%%)*%(?!%)/.test(bare))
      throw new Error(`${show(word)} has a variable or a specifier`);
    return bare.replaceAll('$$', '$').replaceAll('%%', '%');
  });
}

/** Sections and the names of directives, in order. */
function directives(unit: string): readonly string[] {
  return unit.split('\n').map((line) => line.replace(/=.*$/, '='));
}
