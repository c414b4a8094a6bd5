# Runs on a host, reads only: one text that says all there is to know. `limit.sh` knows what it should be.
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
bin=/opt/etcd/bin
ssl=/opt/etcd/ssl
digests=/var/lib/etcd/digests
own="/opt/etcd/cfg/etcd.conf /opt/etcd/cfg/firewall.nft $ssl/ca.pem $ssl/server.pem $ssl/server-key.pem $ssl/peer.pem $ssl/peer-key.pem /etc/systemd/system/etcd.service /etc/systemd/system/etcd-firewall.service"

# A digest of tens of megabytes is only taken anew when size, times or inode are not those of the hashed file.
binaries() {
  [ -x $bin/etcd ] || return
  now=$(stat -c '%s %Y %Z %i %n' $bin/etcd $bin/etcdctl $bin/etcdutl)
  if [ -f $digests ] && [ "$now" = "$(sed -n '/^=/q; p' $digests)" ]; then sed '1,/^=/d' $digests
  else sha256sum $bin/etcd $bin/etcdctl $bin/etcdutl
  fi
}

etcdctl() {
  ETCDCTL_API=3 $bin/etcdctl --endpoints="https://$1:2379" --cacert=$ssl/ca.pem --cert=$ssl/server.pem \
    --key=$ssl/server-key.pem --dial-timeout=2s --command-timeout=4s $2
}

# One line an answer: `@name code text`.
ask() { answer=$(etcdctl "$1" "$3" 2>&1); printf '@%s %s %s\n' "$2" "$?" "$answer"; }

# The questions are processes of their own, so they are asked side by side, and beside the rest.
reads() {
  [ -x $bin/etcdctl ] && systemctl -q is-active etcd || return
  answers=$(
    ask "$1" health 'endpoint health' &
    ask "$1" status '-w json endpoint status' &
    ask "$1" members '-w json member list' &
    ask "$1" hash '-w json endpoint hashkv' &
    ask "$1" alarms '-w json alarm list' &
    wait
  )
  echo "$answers"
}

facts() {
  stat -c '%F|%a|%U|%G|%n' $bin /opt/etcd/cfg $ssl /var/lib/etcd/default.etcd $bin/etcd $bin/etcdctl \
    $bin/etcdutl $own 2>/dev/null
  sha256sum $own 2>/dev/null
  binaries
  getent passwd etcd | cut -d: -f1,6,7
  systemctl show -p ActiveState,UnitFileState,NeedDaemonReload etcd etcd-firewall
  nft -nn list table inet etcd_members 2>/dev/null
  cat /run/etcd/loaded 2>/dev/null
}

# The answers of the member, a line `==`, and what should be known beforehand.
probe() {
  reads "$1" &
  facts=$(facts)
  wait
  printf '==\n%s\n' "$facts"
}
