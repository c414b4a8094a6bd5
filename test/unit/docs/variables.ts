import { ETCD_VARS } from '../../../lib/etcd/model/vars.ts';

/** The text of `docs/variables.md`, made from the schema that the inventory is checked against. */
export function variablesPage(): string {
  const rows = Object.entries<Readonly<Record<string, unknown>>>(ETCD_VARS).map(([name, schema]) => {
    const choice = Array.isArray(schema.enum)
      ? ` One of ${schema.enum.map((one) => `\`${one}\``).join(', ')}.`
      : '';
    const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
    return `| \`${name}\` | ${[schema.type].flat().join(' or ')} | ${fallback} | ${schema.description}${choice} |`;
  });
  return [
    '# Variables of the etcd roles',
    '',
    '<!-- clone -->Made from `lib/etcd/model/vars.ts`. <!-- /clone -->Where the default is empty, the description says what it is.',
    '',
    '| variable | type | default | |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
