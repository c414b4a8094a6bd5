import { joinSh, quote, type Sh, sh } from '../../../dsl/shell/sh.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import type { Member } from '../../model/cluster.ts';
import { refuseUnlessStopped } from '../../stopped.ts';
import { asideDir, nextDir, placedRecord, type RestorePlace, walAside, walNext } from './shell.ts';

/** Shell that swaps old and restored data by renaming; killed anywhere, it goes on from there. */
export function placeData(place: RestorePlace): Sh {
  const { member, run } = place;
  const { walDir, dataDir } = member;
  const wal =
    walDir === undefined
      ? sh`:`
      : sh`$q_become sh -c ${SWAP} q_own ${[walDir, walNext(place), walAside(place)]} || exit`;
  return joinSh([
    etcdctlFunction(member),
    sh`${refuseUnlessStopped(member)}
${staysDown(member)}
${wal}
$q_become sh -c 'umask 077; mkdir -p -- "$1"' q_own ${asideDir(place)} || exit
$q_become sh -c ${SWAP} q_own ${[`${dataDir}/member`, `${nextDir(place)}/member`, `${asideDir(place)}/member`]} || exit
if [ ! -d ${`${dataDir}/member`} ]; then echo 'the restored data is not in its place'; exit 1; fi
printf '%s\n' ${run} | q_write ${placedRecord(member)} 0644 '' '' || exit
$q_become rm -rf -- ${nextDir(place)}`,
  ]);
}

/** Shell that sets the data of a stopped member aside, where it has some, and puts nothing in its place. */
export function emptyPlace(place: RestorePlace): Sh {
  const { member, run } = place;
  const { dataDir, walDir, stateDir } = member;
  const wal =
    walDir === undefined
      ? sh`:`
      : sh`if [ -e ${walDir} ]; then $q_become sh -c ${AWAY} q_own ${[walDir, walAside(place)]} || exit; fi`;
  return joinSh([
    etcdctlFunction(member),
    sh`${refuseUnlessStopped(member)}
${staysDown(member)}
${wal}
if [ -e ${`${dataDir}/member`} ]; then
  $q_become sh -c 'umask 077; mkdir -p -- "$1"' q_own ${asideDir(place)} || exit
  $q_become sh -c ${AWAY} q_own ${[`${dataDir}/member`, `${asideDir(place)}/member`]} || exit
fi
mkdir -p ${stateDir} && printf '%s\n' ${run} | q_write ${placedRecord(member)} 0644 '' ''`,
  ]);
}

/** Shell that puts the data that this run has set aside back where it was; killed anywhere, it goes on from there. */
export function takeBack(place: RestorePlace): Sh {
  const { member } = place;
  const { dataDir, walDir } = member;
  const wal =
    walDir === undefined
      ? sh`:`
      : sh`if [ -e ${walAside(place)} ]; then $q_become sh -c ${AWAY} q_own ${[walAside(place), walDir]} || exit; fi`;
  return joinSh([
    etcdctlFunction(member),
    sh`${refuseUnlessStopped(member)}
${staysDown(member)}
${wal}
$q_become sh -c ${AWAY} q_own ${[`${asideDir(place)}/member`, `${dataDir}/member`]} || exit
rm -f -- ${placedRecord(member)}
sync`,
  ]);
}

/**
 * A host that loses its power from now on does not start its member by itself: without data it would begin a cluster of
 * its own, and with the new data it would be open to clients. Whoever opens it lets it start at boot again.
 */
function staysDown({ manager, service }: Member): Sh {
  if (manager === 'process') return sh`:`;
  const unit = `${service}.service`;
  return sh`if systemctl is-enabled --quiet ${unit} 2>/dev/null; then systemctl disable --quiet ${unit} || exit; fi`;
}

/** By which commands of root a host, with etcd stopped, has its old data again, and is none that was placed; for a sentence. */
export function wayBack(place: RestorePlace): string {
  const { dataDir, walDir } = place.member;
  const swaps = [
    [`${dataDir}/member`, `${asideDir(place)}/member`],
    ...(walDir === undefined ? [] : [[walDir, walAside(place)]]),
  ] as const;
  const moves = swaps.map(([at = '', aside = '']) => {
    const away = `${at}.after-${place.verb}-${place.run}`;
    return `mv ${quote(at)} ${quote(away)} (where it is), mv ${quote(aside)} ${quote(at)}`;
  });
  return [...moves, `rm -f ${quote(placedRecord(place.member))}`].join(', ');
}

/** `$1` goes to `$2`. */
const AWAY = `if [ -e "$2" ]; then echo "$2 is there already"; exit 1; fi
mv -- "$1" "$2"`;

/** `$1` makes way to `$3`, and `$2` takes its place. */
const SWAP = `if [ -e "$2" ]; then
  if [ -e "$1" ]; then
    if [ -e "$3" ]; then echo "$3 is there already"; exit 1; fi
    mv -- "$1" "$3" || exit
  fi
  mv -- "$2" "$1"
fi`;
