/** What a firewalld zone lets in, at runtime or permanently. */
export interface ZoneSettings {
  /** `2379/tcp`. */
  readonly ports: readonly string[];
  readonly services: readonly string[];
  /** In firewalld's rich language. */
  readonly richRules: readonly string[];
}

/**
 * Reads a zone's settings from what `busctl call` printed: `getZoneSettings2` (one line with everything), or
 * lines that start with the name of the older getter.
 */
export function parseZoneReply(out: string): ZoneSettings {
  const ports = list(out, /"ports" a\(ss\)|^getPorts aas/m, 2);
  return {
    ports: ports.flatMap((port, i) => (i % 2 === 0 ? [`${port}/${ports[i + 1]}`] : [])),
    services: list(out, /"services" as|^getServices as/m, 1),
    richRules: list(out, /"rules_str" as|^getRichRules as/m, 1),
  };
}

/** The strings in what `busctl` printed, in order. */
export function strings(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, value = '']) =>
    value.replace(/\\(["\\])/g, '$1'),
  );
}

/** Which interfaces and sources each active zone has: `busctl`'s reply to `getActiveZones`. */
export function parseActiveZones(
  reply: string,
): ReadonlyMap<string, { readonly interfaces: readonly string[]; readonly sources: readonly string[] }> {
  // a{sa{sas}} ZONES ("zone" KINDS ("interfaces" COUNT "eth0"…)…)…
  const tokens = [...reply.matchAll(/"((?:[^"\\]|\\.)*)"|\d+/g)].map(([all, text]) => text ?? Number(all));
  let at = 0;
  const next = () => tokens[at++];
  const zones = new Map<string, { interfaces: string[]; sources: string[] }>();
  for (let left = Number(next() ?? 0); left > 0; left--) {
    const zone: Record<string, string[]> = { interfaces: [], sources: [] };
    zones.set(String(next()), zone as { interfaces: string[]; sources: string[] });
    for (let kinds = Number(next()); kinds > 0; kinds--) {
      const kind = String(next());
      zone[kind] = Array.from({ length: Number(next()) }, () => String(next()));
    }
  }
  return zones;
}

/** Reads a zone file, which is what holds after a reload or a reboot. */
export function parseZoneFile(xml: string): ZoneSettings {
  const ports: string[] = [];
  const services: string[] = [];
  const richRules: string[] = [];
  let rule: string[] | undefined;
  for (const [, closing, name = '', rest = ''] of xml
    .replace(/<!--.*?-->/gs, '')
    .matchAll(/<(\/?)([a-z][\w-]*)((?:\s+[\w-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*\/?>/g)) {
    const has = attributes(rest);
    if (name === 'rule') {
      if (closing && rule) richRules.push(rule.join(' '));
      rule = closing ? undefined : [richElement(name, has)];
    } else if (closing) continue;
    else if (rule) rule.push(richElement(name, has));
    else if (name === 'port') ports.push(`${has.port}/${has.protocol}`);
    else if (name === 'service') services.push(has.name ?? '');
  }
  return { ports, services, richRules };
}

/** The array after `start`: its count, then `width` strings an element. */
function list(out: string, start: RegExp, width: number): readonly string[] {
  const [, count = '0', rest = ''] = new RegExp(`(?:${start.source}) (\\d+)(.*)`, 'ms').exec(out) ?? [];
  return strings(rest).slice(0, Number(count) * width);
}

function attributes(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, name, double, single]) => [
      name,
      (double ?? single ?? '')
        .replaceAll('&quot;', '"')
        .replaceAll('&apos;', "'")
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&'),
    ]),
  );
}

/** An element of a rule's XML in the rich language. Attributes keep their order, but that of a port varies. */
function richElement(name: string, has: Readonly<Record<string, string>>): string {
  const { invert, port, protocol, ...others } = has;
  const words = Object.entries({
    ...(port !== undefined && { port }),
    ...(protocol !== undefined && { protocol }),
    ...others,
  }).map(([key, value]) => `${key}="${value}"`);
  const not = invert !== undefined && /^(true|yes)$/i.test(invert) ? ['NOT'] : [];
  return [name, ...not, ...words].join(' ');
}
