import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sh } from '../../lib/dsl/shell/sh.ts';
import { EXIT, QuorateErrors } from '../../lib/errors.ts';
import { etcdConf, withoutBootstrapKeys } from '../../lib/etcd/files/etcd-conf.ts';
import { loadedPaths, recordCommand } from '../../lib/etcd/files/unit.ts';
import { memberOf } from '../../lib/etcd/model/cluster.ts';
import { modelProblems } from '../../lib/etcd/model/problems.ts';
import { ETCD_VARS } from '../../lib/etcd/model/vars.ts';
import { loadInventory, type SettledHost } from '../../lib/inventory/index.ts';
import { exportEnvironment } from '../../lib/resources/service/process.ts';
import { checkCanary, type Ground, items, type Kind, place, runShell, show, type Tally } from './ground.ts';
import { fragmentsOf, recorded } from './scripts.ts';
import { dice, hostile } from './strings.ts';
import { targetOf } from './targets.ts';

const LOCAL = readFileSync(new URL('../../inventory/local.yaml', import.meta.url), 'utf8');

/** The local inventory in a directory of any name: members as plain processes live below it. */
export const locations: Kind = {
  name: 'directories an inventory lies in',
  share: 1,
  quick: 5,
  async run(cases, seed, ground) {
    const roll = dice(seed);
    const tally: Tally = { literal: 0, refused: 0 };
    for (let i = 0; i < cases; i++) {
      const name = hostile(roll, ground.canary, 'my etcd')
        .replaceAll(/[/\0]|\p{Cs}/gu, '_')
        .slice(0, 80);
      const folder = place(ground, join(`location-${i}`, name));
      const taken = await use(ground, folder, roll.pick(ground.shells));
      tally[taken ? 'literal' : 'refused'] += 1;
    }
    return tally;
  },
};

async function readHosts(file: string): Promise<readonly SettledHost[]> {
  const inventory = await loadInventory({ files: [file], schema: ETCD_VARS });
  const read = await inventory.settle({ hosts: inventory.hosts, contacts: (all) => all });
  return [...read.hosts.values()];
}

async function use(ground: Ground, folder: string, shell: readonly string[]): Promise<boolean> {
  const file = join(folder, 'local.yaml');
  writeFileSync(file, LOCAL);
  const hosts = await readHosts(file).catch((error: unknown) => {
    if (error instanceof QuorateErrors && error.exitCode === EXIT.usage) return undefined;
    throw error;
  });
  const [host] = hosts ?? [];
  if (host === undefined) return false;
  const target = targetOf(host.name, {
    ...host.vars,
    ansible_host: '127.0.0.1',
    inventory_file: basename(file),
    inventory_dir: dirname(file),
  });
  if (modelProblems([target]).some(({ level }) => level !== 'warning')) return false;
  const member = memberOf(target);
  await recorded(ground, shell, [fragmentsOf(target)]);
  const paths = loadedPaths(member);
  const conf = `${member.configDir}/etcd.conf`;
  for (const path of paths) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, path === conf ? withoutBootstrapKeys(etcdConf(target)) : `content of ${path}\n`);
  }
  const script = sh`printf '%s\0' "$(${recordCommand(member)})"
${exportEnvironment([conf])}; printf '%s\0' "$ETCD_DATA_DIR"`;
  const [record = '', dataDir] = items(await runShell(ground, shell, script.text));
  const found = record.split('\n').map((line) => line.split(' ')[0]);
  const wanted = paths.map((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));
  if (show(found) !== show(wanted) || dataDir !== member.dataDir) {
    throw new Error(
      `${shell}: in ${show(folder)} a start reads ${show(dataDir)} and records ${show(record)}`,
    );
  }
  checkCanary(ground, `${shell}: ${show(folder)}`);
  return true;
}
