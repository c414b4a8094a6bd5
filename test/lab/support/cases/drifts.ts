/**
 * Edits by hand of what a run keeps as it is: path, and the shell that changes it with the path as its last
 * word. None of them is loaded by a running member, so a repair restarts nothing.
 */
export const DRIFTS: readonly (readonly [path: string, edit: string])[] = [
  ['/opt/etcd/cfg/etcd.conf', 'echo "# by hand" >>'],
  ['/opt/etcd/ssl/ca.pem', 'echo "# by hand" >>'],
  ['/opt/etcd/ssl/server.pem', 'echo "# by hand" >>'],
  ['/opt/etcd/ssl/peer-key.pem', 'chmod 0644'],
  ['/opt/etcd/ssl/server-key.pem', 'echo >>'],
  ['/etc/systemd/system/etcd.service', 'echo "# by hand" >>'],
  ['/opt/etcd/bin/etcdctl', 'echo >>'],
  ['/var/lib/etcd/default.etcd', 'chmod 0755'],
];
