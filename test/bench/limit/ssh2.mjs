// ssh2.mjs HOSTS KEY KNOWN-HOSTS SCRIPT...
//
// What there is to reach with Node and ssh2: to every host one connection, whose key is checked, and each script in
// turn. HOSTS has lines "name address cluster"; a script is shell, `{address}` in it is the host's.
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';

const [hosts, key, known, ...scripts] = process.argv.slice(2);
const privateKey = readFileSync(key);
const lines = readFileSync(known, 'utf8')
  .split('\n')
  .map((line) => line.split(' '));
const keys = new Map(lines.flatMap(([names = '', , key]) => names.split(',').map((name) => [name, key])));
await Promise.all(
  readFileSync(hosts, 'utf8')
    .trim()
    .split('\n')
    .map(async (line) => {
      const host = line.split(' ')[1];
      const client = new ssh2.Client();
      const hostVerifier = (found) => found.toString('base64') === keys.get(host);
      const ready = new Promise((resolve, reject) => client.on('ready', resolve).on('error', reject));
      client.connect({
        host,
        username: 'root',
        privateKey,
        hostVerifier,
        algorithms: { serverHostKey: ['ssh-ed25519'] },
      });
      await ready;
      for (const script of scripts) await exec(client, script.replaceAll('{address}', host));
      client.end();
    }),
);

function exec(client, script) {
  return new Promise((resolve, reject) =>
    client.exec(script, (error, channel) => (error ? reject(error) : channel.on('close', resolve).resume())),
  );
}
