/** What `import … from 'quorate/etcd'` gives: the roles of an etcd cluster, and the play that runs them. */
export { etcdPlay } from '../lib/etcd/play.ts';
export { backups } from '../roles/backups.ts';
export { binaries } from '../roles/binaries.ts';
export { certs } from '../roles/certs.ts';
export { config } from '../roles/config.ts';
export { firewall } from '../roles/firewall.ts';
export { systemd } from '../roles/systemd.ts';
export { verify } from '../roles/verify.ts';
