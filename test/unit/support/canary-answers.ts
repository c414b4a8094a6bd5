import { MARK } from '../../../lib/dsl/shell/probe.ts';

/** What a member prints that does all that the canary asks of it in `text`. */
export function canaryAnswers(text: string): string {
  const [key = ''] = /quorate\/canary\/[0-9a-f]+/.exec(text) ?? [];
  const got = (value: string) =>
    JSON.stringify({ header: { revision: 8 }, count: 1, kvs: [{ key: base64(key), value: base64(value) }] });
  const event = (value: string) => ({ kv: { key: base64(key), value: base64(value) } });
  const answers = text.includes('lease grant')
    ? { lease: '{"revision":6,"ID":481402,"TTL":60}' }
    : {
        ...named([
          ...['OK', 'OK', got('one'), '{"header":{},"succeeded":true}', '{"header":{}}', '{"ttl":59}'],
          ...[got('1'), 'revoked', '{"header":{"revision":9}}', '0'],
        ]),
        watch: JSON.stringify({ Events: [event('one'), event('two')] }),
      };
  return Object.entries(answers)
    .map(([name, answer]) => `${MARK}@${name} 0 ${answer}\n`)
    .join('');
}

function named(answers: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(answers.map((answer, i) => [`proof-${i}`, answer]));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
