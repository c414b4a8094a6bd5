import { asRoot } from '../../../health/authentication.ts';
import { anew, DOCTOR, etcdctl, on, path, site } from '../remedies.ts';
import type { Cause } from './cause.ts';

/** Why members do not trust each other, or do not find each other. */
export const TRUST_AND_NETWORK = [
  {
    id: 'revoked',
    title: 'a client whose certificate was revoked is still let in',
    next: () => [site({ isReady: true })],
  },
  {
    id: 'ca-expired',
    title: 'the CA has ended, and with it every certificate that comes from it',
    next: ({ member }) => [
      on(member, `openssl x509 -noout -enddate -in ${path(member, `${member.certDir}/ca.pem`)} shows it`),
    ],
  },
  {
    id: 'expired',
    title: 'a certificate has ended or is not valid yet',
    next: (about) => [site(about, 'certs')],
  },
  {
    id: 'wrong-ca',
    title: 'a certificate comes from another CA',
    next: (about) => [
      `where ca.pem is the same on all (sha256sum ${path(about.member, `${about.member.certDir}/ca.pem`)}): ${site(about, 'certs')}`,
    ],
  },
  {
    id: 'name-constraints',
    title: 'the CA may not issue for a name that members have',
    next: (about) => [
      'have the CA issued anew without name constraints, or with localhost, 127.0.0.1, and names and addresses of all members in them',
      site(about, 'certs'),
    ],
  },
  {
    id: 'key-pair',
    title: 'a certificate and its key do not belong together, or one of them cannot be read',
    next: (about) => [site(about, 'certs')],
  },
  {
    id: 'unresolved',
    title: 'the name of a member does not lead to its address there',
    next: ({ member }) => [on(member, 'getent ahosts NAME; mend DNS or /etc/hosts'), DOCTOR],
  },
  {
    id: 'source-address',
    title: 'its packets leave from another address than the one that others know',
    next: ({ member }) => [
      on(
        member,
        'ip route get OTHER; the address after src is to be etcd_address, or stand in etcd_extra_sans',
      ),
    ],
  },
  {
    id: 'proxy',
    title: 'a proxy stands between the members',
    next: (about) => [
      on(
        about.member,
        `take it out of the environment: ${about.member.local ? 'env | grep -i proxy' : 'grep -ri proxy /etc/environment /etc/systemd/system.conf*'}`,
      ),
      ...anew(about, 'systemd'),
    ],
  },
  {
    id: 'san',
    title: 'a certificate does not carry the address that others connect to',
    next: (about) => [site(about, 'certs')],
  },
  {
    id: 'key-usage',
    title: 'a certificate may not be used for what it is used for: members need server and client auth',
    next: (about) => [site(about, 'certs')],
  },
  {
    id: 'tls-settings',
    title: 'the two sides have no TLS version or cipher in common',
    next: (about) => [
      'compare cipher-suites, tls-min-version and tls-max-version in etcd_settings',
      ...anew(about, 'config'),
    ],
  },
  {
    id: 'auth',
    title: 'the cluster asks for a user, and the certificate of a member names none',
    next: (about) => [
      ...etcdctl(about, '--user=root user add NAME --no-password', '--user=root user grant-role NAME root'),
      asRoot(about.cluster),
    ],
  },
  {
    id: 'http',
    title: 'one side speaks http, the other https',
    next: (about) => [
      on(about.member, `grep URLS ${path(about.member, `${about.member.configDir}/etcd.conf`)}`),
      ...anew(about, 'config'),
    ],
  },
] as const satisfies readonly Cause[];
