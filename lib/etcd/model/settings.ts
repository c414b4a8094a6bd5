import { isLoopback } from '../../addresses.ts';

type Settings = Readonly<Record<string, unknown>>;

/** The files among `log-outputs`. */
export function logFilesOf(settings: Settings): readonly string[] {
  return list(settings['log-outputs']).filter((output) => output.startsWith('/'));
}

/** URLs that a member listens on by its settings, besides those of its own variables. */
export function listenUrls(
  settings: Settings,
): readonly { readonly setting: string; readonly url: string }[] {
  return ['listen-client-http-urls', 'listen-metrics-urls'].flatMap((setting) =>
    list(settings[setting]).map((url) => ({ setting, url })),
  );
}

/** Ports of those that others can reach. */
export function portsBeyondLoopback(settings: Settings): readonly number[] {
  return listenUrls(settings).flatMap(({ url }) => {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    return parsed === undefined || parsed.port === '' || isLoopbackUrl(url) ? [] : [Number(parsed.port)];
  });
}

/** Only the host itself reaches it. */
export function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && isLoopback(new URL(url).hostname);
}

/** The parts of a value that is a list. */
export function list(value: unknown): readonly string[] {
  return value === undefined
    ? []
    : String(value)
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean);
}

/** The gates of `feature-gates`, `A=true,B=false`; of one that stands there twice the last counts. */
export function gatesIn(value: unknown): readonly (readonly [gate: string, value: string])[] {
  return list(value).map((part) => {
    const [gate = '', ...values] = part.split('=');
    return [gate.trim(), values.join('=').trim()] as const;
  });
}
