import { momentOf } from '../variables/moment.ts';
import { float as floatOf, type Numeral, type Raw, whole } from '../variables/value.ts';

/**
 * What a plain scalar means to PyYAML, which is YAML 1.1: `yes` is true, `0640` is octal, `1_000` is a number, `1:30` is
 * sixty-based, a date is a moment. https://github.com/yaml/pyyaml/blob/main/lib/yaml/resolver.py
 */
export function scalarOf(text: string): Raw {
  // Most scalars are words, and a look at the first character says so.
  if (!/^[-+.~0-9ntfyoNTFYO]/.test(text)) return text === '' ? null : text;
  if (NULL.test(text)) return null;
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  if (INTEGER.test(text)) return integer(text.replaceAll('_', ''));
  if (FLOAT.test(text)) return float(text.replaceAll('_', ''));
  return momentOf(text) ?? text;
}

const NULL = /^(?:~|null|Null|NULL)$/;
const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const INTEGER =
  /^[-+]?(?:0b_*[01][01_]*|0[0-7_]+|0|[1-9][0-9_]*|0x_*[0-9a-fA-F][0-9a-fA-F_]*|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

function integer(text: string): number | Numeral {
  const [sign, digits] = signed(text);
  if (digits.includes(':')) return sign * sixties(digits);
  return whole(BigInt(sign) * BigInt(digits.replace(/^0(?=[0-7])/, '0o')));
}

function float(text: string): number | Numeral {
  return floatOf(floatNear(text));
}

function floatNear(text: string): number {
  const [sign, digits] = signed(text);
  if (/inf$/i.test(digits)) return sign * Number.POSITIVE_INFINITY;
  if (/nan$/i.test(digits)) return Number.NaN;
  return sign * (digits.includes(':') ? sixties(digits) : Number(digits));
}

function signed(text: string): readonly [sign: 1 | -1, digits: string] {
  return [text.startsWith('-') ? -1 : 1, text.replace(/^[-+]/, '')];
}

function sixties(digits: string): number {
  return digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
