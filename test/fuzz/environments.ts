import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinSh, sh } from '../../lib/dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../lib/errors.ts';
import { etcdConf } from '../../lib/etcd/files/etcd-conf.ts';
import { unsafeText } from '../../lib/inventory/checks/validate.ts';
import { exportEnvironment } from '../../lib/resources/service/process.ts';
import { parseEnvironmentFile } from './environment-file.ts';
import {
  asUtf8,
  batches,
  checkCanary,
  type Ground,
  items,
  type Kind,
  place,
  runShell,
  show,
  type Tally,
} from './ground.ts';
import { dice, hostile } from './strings.ts';
import { targetOf } from './targets.ts';

const BATCH = 200;
const USUAL = ['periodic', '8h', 'simple', 'jwt,pub-key=/a b', 'a=b', '*'];

/** The value of a setting in `etcd.conf`, as systemd reads it and as the process manager's shell does. */
export const environments: Kind = {
  name: 'settings in environment files',
  share: 22,
  quick: 600,
  async run(cases, seed, ground) {
    const roll = dice(seed);
    const tally: Tally = { literal: 0, refused: 0 };
    for (const length of batches(cases, BATCH)) {
      const values = Array.from({ length }, () => hostile(roll, ground.canary, roll.pick(USUAL)));
      const confs = values.flatMap((value) => {
        const conf = confOf(value);
        return conf === undefined ? [] : [{ value, conf }];
      });
      tally.refused += values.length - confs.length;
      tally.literal += confs.length;
      for (const { value, conf } of confs) bySystemd(value, conf);
      await byShell(ground, confs, roll.pick(ground.shells));
    }
    return tally;
  },
};

interface Rendered {
  readonly value: string;
  readonly conf: string;
}

/** undefined when it is refused, as an inventory and the version's flags do. */
export function confOf(value: string): string | undefined {
  if (unsafeText(value) !== undefined) return undefined;
  try {
    return etcdConf(targetOf('etcd01', { etcd_settings: { 'peer-cert-allowed-cn': value } }));
  } catch (error) {
    if (error instanceof QuorateError && error.exitCode === EXIT.usage) return undefined;
    throw error;
  }
}

/** What the setting takes the place of is left out. */
const PLAIN = [...parseEnvironmentFile(Buffer.from(etcdConf(targetOf('etcd01'))))].filter(
  ([key]) => key !== 'ETCD_PEER_CERT_ALLOWED_HOSTNAME',
);

function bySystemd(value: string, conf: string): void {
  const { ETCD_PEER_CERT_ALLOWED_CN: found, ...others } = Object.fromEntries(
    parseEnvironmentFile(Buffer.from(conf)),
  );
  if (found !== asUtf8(value)) throw new Error(`systemd reads ${show(found)} for ${show(value)}`);
  if (show(others) !== show(Object.fromEntries(PLAIN))) {
    throw new Error(`${show(value)} changes other settings: ${show(others)}`);
  }
}

async function byShell(ground: Ground, confs: readonly Rendered[], shell: readonly string[]): Promise<void> {
  const paths = confs.map(({ conf }, i) => {
    const path = join(place(ground, 'conf'), String(i));
    writeFileSync(path, conf);
    return path;
  });
  const read = paths.map(
    (path) => sh`(${exportEnvironment([path])}; printf '%s\0' "$ETCD_PEER_CERT_ALLOWED_CN" "$ETCD_NAME")`,
  );
  const seen = items(await runShell(ground, shell, joinSh(read).text));
  for (const [i, { value }] of confs.entries()) {
    const [found, name] = seen.slice(i * 2, i * 2 + 2);
    if (found !== asUtf8(value) || name !== 'etcd01') {
      throw new Error(`${shell} reads ${show([found, name])} for ${show(value)}`);
    }
  }
  checkCanary(ground, `${shell}: ${confs.length} environment files`);
}
