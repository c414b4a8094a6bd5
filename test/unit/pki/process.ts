import { ADDRESSES, open, SANS } from './support.ts';

/** Another run in the same folder: issues three members' certificates and prints the CA it saw. */
async function main(dir: string): Promise<void> {
  const pki = await open(dir, { addresses: ADDRESSES });
  const issued = await Promise.all(
    ['m1', 'm2', 'm3'].flatMap((name) =>
      (['server', 'peer'] as const).map((kind) => pki.issueMember(name, kind, SANS)),
    ),
  );
  const { pem } = await pki.ensureCa();
  process.stdout.write(JSON.stringify({ pem, certs: issued.map(({ certPem }) => certPem) }));
}

await main(process.argv[2]!);
