import { posix } from 'node:path';
import { untilde } from '../../../home.ts';
import { TemplateError } from '../errors.ts';
import { plugin, table } from '../plugin.ts';
import { Dict, defined, isList, iterate, kindOf, textOf, type Value } from '../values.ts';

/** Filters of paths and addresses; of this machine they know the homes of its users, and the working folder. */
export const PATH_FILTERS = table({
  basename: plugin('', (value) => textOf(value).replace(/^.*\//s, '')),
  dirname: plugin('', (value) => {
    const head = textOf(value).replace(/[^/]*$/, '');
    return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '');
  }),
  splitext: plugin('', (value) => {
    const [, root = '', ending = ''] = /^(.*?)((?<=[^/.][^/]*)\.[^./]*)?$/s.exec(textOf(value)) ?? [];
    return [root, ending];
  }),
  path_join: plugin('', (value) => {
    const parts = isList(value) ? value.map(pathOf) : [pathOf(value)];
    if (parts.length === 0) throw new TemplateError('path_join() has no path to join');
    return parts.reduce((whole, part) =>
      part.startsWith('/') ? part : `${whole}${/^$|\/$/.test(whole) ? '' : '/'}${part}`,
    );
  }),
  normpath: plugin('', (value) => posix.normalize(textOf(value)).replace(/(?<=.)\/$/, '')),
  relpath: plugin('start', (value, given) => {
    if (value === '') throw new TemplateError('relpath() has no path');
    return posix.relative(textOf(given.get('start') ?? '.'), textOf(value)) || '.';
  }),
  expanduser: plugin('', (value) => untilde(textOf(value))),
  commonpath: plugin('', (value) => {
    const [first = [], ...others] = iterate(value).map((path) =>
      textOf(path)
        .split('/')
        .filter((one, at) => at === 0 || one !== ''),
    );
    const differs = first.findIndex((part, at) => others.some((other) => other[at] !== part));
    return first.slice(0, differs < 0 ? undefined : differs).join('/') || (first[0] === '' ? '/' : '');
  }),
  urlencode: plugin('', (value) =>
    value instanceof Dict
      ? value
          .entries()
          .map(([key, item]) => `${percent(textOf(key), true)}=${percent(textOf(item), true)}`)
          .join('&')
      : percent(textOf(value), false),
  ),
  urldecode: plugin('', (value) => decoded(textOf(value).replaceAll('+', ' '))),
  urlsplit: plugin('query', (value, given) => {
    const parts = urlParts(textOf(value));
    const wanted = given.text('query') ?? '';
    if (wanted === '') return parts;
    if (!parts.has(wanted)) throw new TemplateError(`urlsplit() knows no part "${wanted}"`);
    return parts.get(wanted) ?? null;
  }),
});

function pathOf(value: Value): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`path_join() wants texts, and ${kindOf(defined(value))} is there`);
}

function percent(text: string, whole: boolean): string {
  const encoded = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return whole ? encoded.replaceAll('%20', '+') : encoded.replaceAll('%2F', '/');
}

/** What is not encoded stays as it is. */
function decoded(text: string): string {
  return text.replaceAll(/(?:%[\da-f]{2})+/gi, (bytes) =>
    Buffer.from(bytes.replaceAll('%', ''), 'hex').toString(),
  );
}

/** The parts of an address, as Python's `urlsplit` has them. */
export function urlParts(text: string): Dict {
  const [, scheme = '', netloc = '', path = '', query = '', fragment = ''] =
    /^(?:([A-Za-z][A-Za-z\d+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text) ?? [];
  const [, login, host = ''] = /^(?:(.*)@)?(.*)$/s.exec(netloc) ?? [];
  const [, username, password] = /^([^:]*)(?::(.*))?$/s.exec(login ?? '') ?? [];
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host) ?? [];
  return Dict.of(
    Object.entries<Value>({
      fragment,
      hostname: (bracketed ?? plain ?? '').toLowerCase() || null,
      netloc,
      password: password ?? null,
      path,
      port: port ? Number(port) : null,
      query,
      scheme: scheme.toLowerCase(),
      username: login === undefined ? null : (username ?? null),
    }),
  );
}
