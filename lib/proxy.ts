import { hostOf } from './addresses.ts';

/**
 * The proxy for `url` by the environment: `HTTPS_PROXY` and `HTTP_PROXY` by the URL's scheme, `ALL_PROXY`
 * for both, unless `NO_PROXY` names the host. Lower case wins, as with curl.
 */
export function proxyFor(url: URL, env: Environment = process.env): string | undefined {
  const scheme = url.protocol.slice(0, -1);
  const proxy = variable(env, `${scheme}_proxy`) ?? variable(env, 'all_proxy');
  if (proxy === undefined || excluded(url, variable(env, 'no_proxy') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** `NO_PROXY`: names that cover their subdomains, addresses, each with an optional port, or `*`. */
function excluded(url: URL, list: string): boolean {
  const host = hostOf(url).toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((entry) => {
    const [, name = '', only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (name === '') return false;
    if (name === '*') return true;
    const domain = name.replace(/^\*?\./, '');
    return (only === undefined || only === port) && (host === domain || host.endsWith(`.${domain}`));
  });
}

type Environment = Readonly<Record<string, string | undefined>>;

function variable(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined;
}
