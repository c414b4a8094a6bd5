import { Document, isMap, isScalar, Scalar, visit } from 'yaml';
import { Float, Long } from '../variables/value.ts';

/** Plain values as YAML, in the form of `ansible-inventory --yaml`: what is encrypted has the tag `!vault`. */
export function listedYaml(value: unknown): string {
  const document = new Document(value, exactNumbers, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Map(_, node) {
      const armoured = node.get('__ansible_vault', true);
      return isMap(node) && isScalar(armoured) ? vault(String(armoured.value)) : undefined;
    },
  });
  return document.toString({ singleQuote: true, indentSeq: false, lineWidth: 0 });
}

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
