import { type Sh, sh } from '../shell/sh.ts';

/** Read-only shell that prints the addresses of the host's interfaces, one a line; also where there is no `ip`. */
export const interfaceAddresses: Sh = sh`if command -v ip >/dev/null; then ip -o addr 2>/dev/null | sed -n 's|.* inet6\{0,1\} \([^ /]*\).*|\1|p'
else sed -n '/|-- /{s/.*-- //;h}; /host LOCAL/{g;p}' /proc/net/fib_trie
fi`;
