import { Document, isMap, isScalar, Scalar, visit } from 'yaml';

/** Plain values as YAML, in the form of `ansible-inventory --yaml`: what is encrypted has the tag `!vault`. */
export function listedYaml(value: unknown): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Map(_, node) {
      const armoured = node.get('__ansible_vault', true);
      return isMap(node) && isScalar(armoured) ? vault(String(armoured.value)) : undefined;
    },
  });
  return document.toString({ singleQuote: true, indentSeq: false, lineWidth: 0 });
}

function vault(armoured: string): Scalar {
  const scalar = new Scalar(armoured);
  scalar.tag = '!vault';
  scalar.type = Scalar.BLOCK_LITERAL;
  return scalar;
}
