import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A company's CA in `dir`: a root, and an intermediate that signs; `another` one takes its place under the same root. */
export function company(dir: string, root = 'root') {
  const sh = (script: string) => execFileSync('sh', ['-ec', script], { cwd: dir, stdio: 'pipe' });
  const ec = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  let signer = '';
  const another = (name: string) => {
    sh(`openssl req ${ec} -subj /CN=${name} -keyout ${name}.key -out ${name}.csr
openssl x509 -req -in ${name}.csr -CA root.pem -CAkey root.key -CAcreateserial -days 98 -extfile ca.ext -out ${name}.pem
printf '[ca]\ndefault_ca=c\n[c]\ndatabase=${name}.index\ncrlnumber=${name}.number\ndefault_md=sha256\n' >${name}.cnf
: >${name}.index; echo 01 >${name}.number`);
    signer = name;
  };
  sh(`openssl req -x509 ${ec} -subj /CN=${root} -days 99 -keyout root.key -out root.pem
printf 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n' >ca.ext`);
  another('etcd-ca');
  return {
    another,
    /** Signs a request. */
    sign(csr: string, to: string, { days = 90, uses = 'serverAuth,clientAuth', names = true } = {}) {
      writeFileSync(join(dir, 'leaf.ext'), `extendedKeyUsage=${uses}\n`);
      sh(`openssl x509 -req -in ${csr} -CA ${signer}.pem -CAkey ${signer}.key -CAcreateserial -days ${days} \
-extfile leaf.ext ${names ? '-copy_extensions copy' : ''} -out ${to}`);
    },
    /** Who signs, and the root. */
    chain: () =>
      readFileSync(join(dir, `${signer}.pem`), 'utf8') + readFileSync(join(dir, 'root.pem'), 'utf8'),
    /** Revokes certificates, and writes the list in PEM; `how` is further text for openssl. */
    list(to: string, { revoke = [] as readonly string[], how = '-crldays 30' } = {}) {
      const ca = `openssl ca -batch -config ${signer}.cnf -cert ${signer}.pem -keyfile ${signer}.key`;
      sh([...revoke.map((file) => `${ca} -revoke ${file}`), `${ca} -gencrl ${how} -out ${to}`].join('\n'));
      return join(dir, to);
    },
  };
}
