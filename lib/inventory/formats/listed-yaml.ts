import { Document, isMap, isScalar, Scalar, type ScalarTag, type Tags, visit } from 'yaml';
import { Moment } from '../variables/moment.ts';
import { Float, Long } from '../variables/value.ts';

/** Plain values as YAML, in the form of `ansible-inventory --yaml`: what is encrypted has the tag `!vault`. */
export function listedYaml(value: unknown): string {
  const document = new Document(value, exactNumbers, {
    version: '1.1',
    aliasDuplicateObjects: false,
    customTags,
  });
  visit(document, {
    Map(_, node) {
      const armoured = node.get('__ansible_vault', true);
      return isMap(node) && isScalar(armoured) ? vault(String(armoured.value)) : undefined;
    },
  });
  return document.toString({ singleQuote: true, indentSeq: false, lineWidth: 0 });
}

/** A moment stands without quotes, as PyYAML writes it. */
const MOMENT: ScalarTag = {
  tag: 'tag:yaml.org,2002:timestamp',
  default: true,
  identify: (value) => value instanceof Moment,
  resolve: (text) => text,
  stringify: ({ value }) => String(value),
};

const customTags = (tags: Tags) => [MOMENT, ...tags];

/** Replaces each `Numeral` by what the YAML library writes as Python does. */
function exactNumbers(_: unknown, value: unknown): unknown {
  if (value instanceof Long) return value.whole;
  if (!(value instanceof Float)) return value;
  const scalar = new Scalar(value.value);
  scalar.minFractionDigits = 1;
  return scalar;
}

function vault(armoured: string): Scalar {
  const scalar = new Scalar(armoured);
  scalar.tag = '!vault';
  scalar.type = Scalar.BLOCK_LITERAL;
  return scalar;
}
