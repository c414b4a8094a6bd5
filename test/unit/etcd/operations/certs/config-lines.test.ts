import { expect, it } from 'vitest';
import { configLines } from '../../../../../lib/etcd/operations/certs/config-lines.ts';

it('a bundle comes with the lines of all four programs', () => {
  const lines = configLines('app', ['https://10.0.0.1:2379', 'https://[fd00::2]:2379']);
  expect(lines.join('\n')).toBe(`kube-apiserver, its flags:
  --etcd-servers=https://10.0.0.1:2379,https://[fd00::2]:2379
  --etcd-cafile=/etc/etcd-client/ca.pem --etcd-certfile=/etc/etcd-client/app.pem --etcd-keyfile=/etc/etcd-client/app-key.pem
Patroni, patroni.yml:
  etcd3:
    hosts: 10.0.0.1:2379,[fd00::2]:2379
    protocol: https
    cacert: /etc/etcd-client/ca.pem
    cert: /etc/etcd-client/app.pem
    key: /etc/etcd-client/app-key.pem
APISIX, config.yaml:
  apisix:
    ssl:
      ssl_trusted_certificate: /etc/etcd-client/ca.pem
  deployment:
    etcd:
      host: ["https://10.0.0.1:2379", "https://[fd00::2]:2379"]
      tls:
        cert: /etc/etcd-client/app.pem
        key: /etc/etcd-client/app-key.pem
        verify: true
CoreDNS, Corefile:
  etcd {
    endpoint https://10.0.0.1:2379 https://[fd00::2]:2379
    tls /etc/etcd-client/app.pem /etc/etcd-client/app-key.pem /etc/etcd-client/ca.pem
  }`);
});
