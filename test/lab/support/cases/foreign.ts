import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TUTORIAL } from '../../../unit/pki/tutorial.ts';
import { must } from '../host/process.ts';
import type { Lab } from '../lab.ts';
import { releasesDir } from '../releases/releases.ts';

/** The tutorial's unit: every setting as a flag, too. */
const UNIT = `[Unit]
Description=Etcd Server
After=network.target
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
EnvironmentFile=/opt/etcd/cfg/etcd.conf
ExecStart=/opt/etcd/bin/etcd \\
--name=\${ETCD_NAME} \\
--data-dir=\${ETCD_DATA_DIR} \\
--listen-peer-urls=\${ETCD_LISTEN_PEER_URLS} \\
--listen-client-urls=\${ETCD_LISTEN_CLIENT_URLS} \\
--advertise-client-urls=\${ETCD_ADVERTISE_CLIENT_URLS} \\
--initial-advertise-peer-urls=\${ETCD_INITIAL_ADVERTISE_PEER_URLS} \\
--initial-cluster=\${ETCD_INITIAL_CLUSTER} \\
--initial-cluster-token=\${ETCD_INITIAL_CLUSTER_TOKEN} \\
--initial-cluster-state=\${ETCD_INITIAL_CLUSTER_STATE}  \\
--cert-file=\${ETCD_CERT_FILE} \\
--key-file=\${ETCD_KEY_FILE} \\
--peer-cert-file=\${ETCD_PEER_CERT_FILE} \\
--peer-key-file=\${ETCD_PEER_KEY_FILE} \\
--trusted-ca-file=\${ETCD_TRUSTED_CA_FILE} \\
--client-cert-auth=\${ETCD_CLIENT_CERT_AUTH} \\
--peer-client-cert-auth=\${ETCD_PEER_CLIENT_CERT_AUTH} \\
--peer-trusted-ca-file=\${ETCD_PEER_TRUSTED_CA_FILE}
Restart=on-failure
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;

/** Debian's, of its package etcd-server. */
const PACKAGED = `[Unit]
Description=etcd - highly-available key value store
After=network.target
Wants=network-online.target

[Service]
Environment=DAEMON_ARGS=
Environment=ETCD_NAME=%H
Environment=ETCD_DATA_DIR=/var/lib/etcd/default
EnvironmentFile=-/etc/default/%p
Type=notify
User=etcd
PermissionsStartOnly=true
ExecStart=/usr/bin/etcd $DAEMON_ARGS
Restart=on-abnormal
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
Alias=etcd2.service
`;

/** What somebody who follows the tutorial by hand has in the end: 3.3 on three hosts, healthy. */
export async function buildByHand(lab: Lab): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'quorate-tutorial-'));
  try {
    for (const [name, text] of Object.entries(TUTORIAL)) writeFileSync(join(dir, name), text);
    const gencert = `cfssl gencert -initca ca-csr.json | cfssljson -bare ca
cfssl gencert -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=etcd server-csr.json | cfssljson -bare server`;
    await must('sh', ['-c', gencert], { cwd: dir });
    const keys = await must('sh', ['-c', 'tar -c ca.pem server.pem server-key.pem | base64'], { cwd: dir });
    const peers = lab.hosts.map(({ name, address }) => `${name}=https://${address}:2380`).join(',');
    await Promise.all(
      lab.hosts.map(async ({ name, address }) => {
        await installBinaries(lab, name, '/opt/etcd/bin', '3.3.25');
        await lab.ssh(
          name,
          `mkdir -p /opt/etcd/cfg /opt/etcd/ssl && base64 -d | tar -x -C /opt/etcd/ssl
cat >/opt/etcd/cfg/etcd.conf <<'E'\n${confOf(name, address, peers)}E
cat >/usr/lib/systemd/system/etcd.service <<'E'\n${UNIT}E
systemctl daemon-reload; systemctl enable -q etcd; systemctl start --no-block etcd`,
          { input: keys },
        );
      }),
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The distribution's etcd as its package leaves it: alone, and running. */
export async function installPackaged(lab: Lab, host: string): Promise<void> {
  await installBinaries(lab, host, '/usr/bin', '3.4.23');
  await lab.ssh(
    host,
    `useradd --system --home-dir /var/lib/etcd --no-create-home etcd; install -d -o etcd -g etcd /var/lib/etcd
cat >/lib/systemd/system/etcd.service <<'E'\n${PACKAGED}E
systemctl daemon-reload; systemctl enable --now -q etcd`,
  );
}

/** Takes etcd and etcdctl of a release from this machine to a host. */
export async function installBinaries(lab: Lab, host: string, dir: string, version: string): Promise<void> {
  const top = `etcd-v${version}-linux-amd64`;
  const tarball = readFileSync(join(releasesDir(), `v${version}`, `${top}.tar.gz`));
  const unpack = `mkdir -p ${dir} && tar -xz -C ${dir} --strip-components=1 ${top}/etcd ${top}/etcdctl`;
  await lab.ssh(host, unpack, { input: tarball });
}

function confOf(name: string, address: string, peers: string): string {
  return `#[Member]
ETCD_NAME="${name}"
ETCD_DATA_DIR="/var/lib/etcd/default.etcd"
ETCD_LISTEN_PEER_URLS="https://${address}:2380"
ETCD_LISTEN_CLIENT_URLS="https://${address}:2379,http://127.0.0.1:2379"

#[Clustering]
ETCD_INITIAL_ADVERTISE_PEER_URLS="https://${address}:2380"
ETCD_ADVERTISE_CLIENT_URLS="https://${address}:2379"
ETCD_INITIAL_CLUSTER="${peers}"
ETCD_INITIAL_CLUSTER_TOKEN="etcd-cluster"
ETCD_INITIAL_CLUSTER_STATE="new"

#[Security]
ETCD_CERT_FILE="/opt/etcd/ssl/server.pem"
ETCD_KEY_FILE="/opt/etcd/ssl/server-key.pem"
ETCD_TRUSTED_CA_FILE="/opt/etcd/ssl/ca.pem"
ETCD_CLIENT_CERT_AUTH="true"
ETCD_PEER_CERT_FILE="/opt/etcd/ssl/server.pem"
ETCD_PEER_KEY_FILE="/opt/etcd/ssl/server-key.pem"
ETCD_PEER_TRUSTED_CA_FILE="/opt/etcd/ssl/ca.pem"
ETCD_PEER_CLIENT_CERT_AUTH="true"
`;
}
