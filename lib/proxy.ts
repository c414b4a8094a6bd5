import { BlockList, isIP } from 'node:net';
import { canonicalAddress, hostOf } from './addresses.ts';
import { EXIT, QuorateError } from './errors.ts';

/**
 * The proxy for `url` by the environment: `HTTPS_PROXY` and `HTTP_PROXY` by the URL's scheme, `ALL_PROXY`
 * for both, unless `NO_PROXY` names the host. Lower case wins, as with curl. Throws exit code 1 where that is no
 * address of an HTTP proxy.
 */
export function proxyFor(url: URL, env: Environment = process.env): string | undefined {
  const scheme = url.protocol.slice(0, -1);
  const name = nameIn(env, `${scheme}_proxy`) ?? nameIn(env, 'all_proxy');
  if (name === undefined || excluded(url, env[nameIn(env, 'no_proxy') ?? ''] ?? '')) return undefined;
  const text = env[name] ?? '';
  const proxy = text.includes('://') ? text : `http://${text}`;
  if (/^https?:\/\//i.test(proxy) && URL.canParse(proxy)) return proxy;
  // Not quoted: it may hold a password.
  throw new QuorateError(`${name} is not the address of an HTTP proxy`, {
    exitCode: EXIT.usage,
    hint: 'write http://USER:PASSWORD@HOST:PORT; SOCKS is not understood: name the host in NO_PROXY, or another proxy',
  });
}

/** `NO_PROXY`: names that cover their subdomains, addresses, each with an optional port, networks, or `*`. */
function excluded(url: URL, list: string): boolean {
  const host = hostOf(url).toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry.includes('/')) return isWithin(host, entry);
      const [, name = entry, only] = isIP(entry) === 6 ? [] : (/^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? []);
      if (name === '') return false;
      if (name === '*') return true;
      const domain = canonicalAddress(name.replace(/^\*?\./, ''));
      return (only === undefined || only === port) && (host === domain || host.endsWith(`.${domain}`));
    });
}

/** Whether an address is one of a network: `10.0.0.0/8`, `fd00::/8`. */
function isWithin(address: string, network: string): boolean {
  const [start = '', bits = ''] = network.split('/');
  const family = isIP(start);
  if (
    family === 0 ||
    isIP(address) !== family ||
    !/^\d+$/.test(bits) ||
    Number(bits) > (family === 6 ? 128 : 32)
  )
    return false;
  const networks = new BlockList();
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  networks.addSubnet(start, Number(bits), kind);
  return networks.check(address, kind);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The spelling under which the environment has a variable with a value. */
function nameIn(env: Environment, name: string): string | undefined {
  return [name, name.toUpperCase()].find((spelling) => env[spelling]);
}
