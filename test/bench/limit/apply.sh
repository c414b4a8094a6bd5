# Runs on a host after probe.sh: takes files from standard input, brings the member up and reads everything again.
apply() {
  getent group etcd >/dev/null || groupadd -r etcd
  getent passwd etcd >/dev/null ||
    useradd -r -g etcd -d /var/lib/etcd/default.etcd -M -s /usr/sbin/nologin etcd
  mkdir -p $bin /opt/etcd/cfg $ssl /var/lib/etcd/default.etcd
  chmod 0755 $bin /opt/etcd/cfg $ssl
  chmod 0700 /var/lib/etcd/default.etcd
  chown etcd:etcd /var/lib/etcd/default.etcd
  tar -x -p -o -f - -C / || return
  chgrp etcd /opt/etcd/cfg/etcd.conf
  chown etcd:etcd $ssl/server-key.pem $ssl/peer-key.pem
  rm -f $digests
  sums=$(binaries)
  { stat -c '%s %Y %Z %i %n' $bin/etcd $bin/etcdctl $bin/etcdutl; echo =; echo "$sums"; } >$digests
  systemctl daemon-reload
  if systemctl -q is-active etcd; then
    sha256sum --status -c /run/etcd/loaded || systemctl restart etcd
  fi
  # The unit says it is ready once there is a quorum.
  systemctl enable --quiet etcd-firewall etcd && systemctl reload-or-restart etcd-firewall && timeout 90 systemctl start etcd
}
