import { type Member, memberOf } from '../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from './defaults.ts';

/** A member without systemd whose directories are all below `root`: the host as roles see it, and its member. */
export function memberBelow(root: string) {
  const vars = {
    ...DEFAULTS,
    etcd_address: '127.0.0.1',
    etcd_bin_dir: `${root}/bin`,
    etcd_config_dir: `${root}/cfg`,
    etcd_cert_dir: `${root}/ssl`,
    etcd_data_dir: `${root}/data`,
    etcd_service_manager: 'process',
  };
  const host = { name: 'etcd01', vars, hostvars: { etcd01: vars } };
  const member: Member = memberOf(host);
  return { host, member };
}
