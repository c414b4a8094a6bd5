import { randomBytes } from 'node:crypto';
import { sh } from '../../dsl/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { etcdctlFunction } from '../facts/etcdctl.ts';
import { memberOf } from '../model/cluster.ts';
import type { EtcdHost } from '../surveyed.ts';

/**
 * Proves what etcd is for on a key of its own, removed at the end: put and get, a watch that sees a put,
 * compare-and-swap that succeeds and then refuses, a lease whose key goes when it ends. The lease is ended, not waited
 * for: nobody need wait two seconds for a clock.
 * All keys have that lease, so that none outlives a run that is killed. Throws exit code 7 with the function that
 * failed.
 */
export async function canary(host: EtcdHost): Promise<void> {
  const key = `quorate/canary/${randomBytes(8).toString('hex')}`;
  const { code, out } = await host.act(
    'proving put, watch, lease and compare-and-swap',
    sh`${etcdctlFunction(memberOf(host.target))}
q_reach
q_key=${key}
q_fail() { echo "$1"; q_etcdctl del --prefix "$q_key" >/dev/null 2>&1; exit 1; }
q_lease=$(q_etcdctl lease grant 60) || q_fail "lease grant: $q_lease"
q_lease=\${q_lease#lease } q_lease=\${q_lease%% *}
q_etcdctl put --lease="$q_lease" "$q_key/lease" 1 >/dev/null || q_fail 'put with a lease'
q_etcdctl put --lease="$q_lease" "$q_key" one >/dev/null || q_fail put
[ "$(q_etcdctl get "$q_key" --print-value-only)" = one ] || q_fail 'get after put'
q_swap() { printf 'value("%s") = "one"\n\nput --lease=%s %s two\n\n\n\n' "$q_key" "$q_lease" "$q_key" | q_etcdctl txn; }
[ "$(q_swap | head -n 1)" = SUCCESS ] || q_fail 'compare-and-swap'
[ "$(q_swap | head -n 1)" = FAILURE ] || q_fail 'compare-and-swap that must refuse'
q_revision=$(q_etcdctl get "$q_key" -w json | sed -n 's/.*"create_revision":\([0-9]*\).*/\1/p')
# A watch goes on when it has seen all: so it gets little time at first, and more where the host is busy.
for q_seconds in 1 3 6; do
  q_watched=$(q_within="timeout $q_seconds"; q_etcdctl watch --prefix --rev="$q_revision" "$q_key")
  case $q_watched in *one*two*) break ;; esac
done
case $q_watched in *one*two*) ;; *) q_fail "watch, which saw: $q_watched" ;; esac
case $(q_etcdctl lease timetolive "$q_lease") in *remaining*) ;; *) q_fail 'a lease that should still run' ;; esac
[ "$(q_etcdctl get "$q_key/lease" --print-value-only)" = 1 ] || q_fail 'get of a key whose lease still runs'
q_etcdctl lease revoke "$q_lease" >/dev/null || q_fail 'lease revoke'
[ -z "$(q_etcdctl get "$q_key/lease" --print-value-only)" ] || q_fail 'a lease that ended: its key is still there'
q_etcdctl del --prefix "$q_key" >/dev/null || q_fail delete`,
  );
  if (code === 0) return;
  throw new QuorateError(`${host.target.name}: the canary failed at: ${out.trim()}`, {
    exitCode: EXIT.unhealthy,
    host: host.target.name,
  });
}
