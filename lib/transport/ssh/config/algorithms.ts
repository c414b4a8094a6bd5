/** Names that OpenSSH knows, old ones included, by the directive that lists them. */
const CIPHERS =
  '3des-cbc aes128-cbc aes192-cbc aes256-cbc rijndael-cbc@lysator.liu.se aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com none';

const MACS =
  'hmac-sha1 hmac-sha1-96 hmac-sha2-256 hmac-sha2-512 hmac-md5 hmac-md5-96 umac-64@openssh.com umac-128@openssh.com';

const KEX =
  'diffie-hellman-group1-sha1 diffie-hellman-group14-sha1 diffie-hellman-group14-sha256 diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 diffie-hellman-group-exchange-sha1 diffie-hellman-group-exchange-sha256 ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521 curve25519-sha256 curve25519-sha256@libssh.org sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com mlkem768x25519-sha256';

const KEYS =
  'ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ssh-rsa ssh-dss rsa-sha2-256 rsa-sha2-512';

const SECURITY_KEYS = 'sk-ssh-ed25519 sk-ecdsa-sha2-nistp256';

const split = (names: string) => names.split(' ');

export const CIPHER_NAMES: ReadonlySet<string> = new Set(split(CIPHERS));

export const MAC_NAMES: ReadonlySet<string> = new Set([
  ...split(MACS),
  ...split(MACS).map((name) => `${name.replace('@openssh.com', '')}-etm@openssh.com`),
]);

/** Of Kerberos, as Debian's ssh and others have them. */
const GSS_KEX =
  'gss-gex-sha1- gss-group1-sha1- gss-group14-sha1- gss-group14-sha256- gss-group16-sha512- gss-nistp256-sha256- gss-curve25519-sha256-';

export const KEX_NAMES: ReadonlySet<string> = new Set([...split(KEX), ...split(GSS_KEX)]);

/** Algorithms of host keys and of keys to log in with. */
export const KEY_NAMES: ReadonlySet<string> = new Set([
  ...split(KEYS),
  ...[...split(KEYS), ...split(SECURITY_KEYS)].map((name) => `${name}-cert-v01@openssh.com`),
  ...split(SECURITY_KEYS).map((name) => `${name}@openssh.com`),
  'webauthn-sk-ecdsa-sha2-nistp256@openssh.com',
]);
