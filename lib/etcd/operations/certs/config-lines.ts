/**
 * What goes into the configuration of programs that often use etcd, for a bundle that lies in `/etc/etcd-client` there.
 * Sources: the reference of each: kube-apiserver's flags, Patroni's `etcd3` section, APISIX's `deployment.etcd`,
 * CoreDNS's plugin etcd.
 */
export function configLines(
  name: string,
  urls: readonly string[],
  dir = '/etc/etcd-client',
): readonly string[] {
  const [ca, cert, key] = [`${dir}/ca.pem`, `${dir}/${name}.pem`, `${dir}/${name}-key.pem`];
  const hosts = urls.map((url) => url.replace(/^https:\/\//, ''));
  return [
    `kube-apiserver, its flags:`,
    `  --etcd-servers=${urls.join(',')}`,
    `  --etcd-cafile=${ca} --etcd-certfile=${cert} --etcd-keyfile=${key}`,
    `Patroni, patroni.yml:`,
    `  etcd3:`,
    `    hosts: ${hosts.join(',')}`,
    `    protocol: https`,
    `    cacert: ${ca}`,
    `    cert: ${cert}`,
    `    key: ${key}`,
    `APISIX, config.yaml:`,
    `  apisix:`,
    `    ssl:`,
    `      ssl_trusted_certificate: ${ca}`,
    `  deployment:`,
    `    etcd:`,
    `      host: [${urls.map((url) => `"${url}"`).join(', ')}]`,
    `      tls:`,
    `        cert: ${cert}`,
    `        key: ${key}`,
    `        verify: true`,
    `CoreDNS, Corefile:`,
    `  etcd {`,
    `    endpoint ${urls.join(' ')}`,
    `    tls ${cert} ${key} ${ca}`,
    `  }`,
  ];
}
