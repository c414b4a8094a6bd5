import { readBundles } from '../bundles.ts';
import { certificatesIn, issuerUnder } from '../chain/chain.ts';
import { readClientPair } from '../pairs.ts';

/**
 * Who may sign a list of revoked certificates, PEM: the CAs that are `trusted`, and those below them that have signed for
 * clients, as their certificates in the folder show, or that a text has.
 */
export async function signersUnder(dir: string, trusted: string, text = ''): Promise<readonly string[]> {
  const [own, bundles] = await Promise.all([readClientPair(dir), readBundles(dir)]);
  const shown = [text, own?.certPem, ...bundles.map(({ certPem }) => certPem)].join('\n');
  const below = certificatesIn(shown)
    .filter(({ ca }) => ca)
    .map((one) => one.toString())
    .filter((pem) => issuerUnder(pem + shown, trusted) !== undefined);
  return [trusted, ...new Set(below)];
}
