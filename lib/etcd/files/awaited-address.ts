import { isIP } from 'node:net';
import { canonicalAddress, hostOf, isLoopback, isWildcard, numericAddress } from '../../addresses.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';

/** Seconds: short of `TimeoutStartSec`, which would count the wait itself as a failure. */
const PATIENCE = 240;

/**
 * Shell that waits until the host has the addresses that `etcd.conf` binds; undefined where it binds none in particular.
 * A boot may be quicker than the switch, DHCP, or the detection of duplicates, and etcd ends at once. The sandbox of the
 * unit leaves `/proc/self/net` alone to look at; where that cannot be read, nothing is waited for.
 */
export function awaitAddresses(conf: string): Sh | undefined {
  const addresses = boundBy(conf);
  if (addresses.length === 0) return undefined;
  return joinSh(
    [
      sh`q_n=0`,
      ...addresses.map((address) => {
        const { file, line } = seenAs(address);
        return sh`while grep -q ${line} ${file}; [ $? = 1 ] && [ $q_n -lt ${PATIENCE} ]; do q_n=$((q_n + 1)); sleep 1; done`;
      }),
    ],
    '; ',
  );
}

function boundBy(conf: string): readonly string[] {
  const urls = [...conf.matchAll(/^ETCD_LISTEN_(?:PEER|CLIENT)_URLS=["'](.*)["']$/gm)].flatMap(
    ([, list = '']) => list.split(','),
  );
  const hosts = urls
    .filter((url) => URL.canParse(url))
    // One of IPv4 within IPv6 is listed as the former.
    .map((url) => numericAddress(hostOf(url)).replace(/^::ffff:(?=[\d.]+$)/, ''));
  return [...new Set(hosts)].filter((host) => isIP(host) !== 0 && !isWildcard(host) && !isLoopback(host));
}

/** How the kernel lists an address of the host, as a regular expression of grep. IPv6: only one that may be bound by now. */
function seenAs(address: string): { readonly file: string; readonly line: string } {
  if (isIP(address) === 4)
    return { file: '/proc/self/net/fib_trie', line: `|-- ${address.replaceAll('.', '[.]')}$` };
  // The flag of a tentative address is 0x40.
  return { file: '/proc/self/net/if_inet6', line: `^${hexOf(address)} [^ ]* [^ ]* [^ ]* [012389ab]` };
}

/** `fd000000000000000000000000000001` */
function hexOf(address: string): string {
  const [before = '', after] = canonicalAddress(address).split('::');
  const words = (text = '') => text.split(':').filter(Boolean);
  const [left, right] = [words(before), words(after)];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((word) => word.padStart(4, '0')).join('');
}
