import { isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { shownValue } from '../../secret-names.ts';
import type { Key } from '../variables/value.ts';
import { scalarOf } from './yaml-scalars.ts';

/** No value is written, or one that means nothing. */
export function isNothing(node: Node | null): boolean {
  return node === null || (isScalar(node) && isPlain(node) && scalarOf(textOf(node)) === null);
}

/** The text of a scalar that is one. */
export function textIn(node: Node | null): string | undefined {
  if (!isScalar(node) || isNothing(node)) return undefined;
  return !isPlain(node) || typeof scalarOf(textOf(node)) === 'string' ? textOf(node) : undefined;
}

/** How a value is called in messages about what is named `key`. */
export function kindOf(node: Node | null, key = ''): string {
  if (isSeq(node)) return 'a list';
  if (isMap(node)) return 'a mapping';
  if (isNothing(node) || !isScalar(node)) return 'nothing';
  return shownValue(key, isPlain(node) ? scalarOf(textOf(node)) : textOf(node));
}

/** The text of a scalar, as it is written. */
export function textOf(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value ?? ''));
}

/** Its text stands for what PyYAML makes of it: without quotes, or with a tag that says so (`!!int "3"`). */
export function isMeant(node: Scalar): boolean {
  if (/^tag:yaml\.org,2002:(int|float|bool|timestamp)$/.test(node.tag ?? '')) return true;
  return isPlain(node) && node.tag !== 'tag:yaml.org,2002:str';
}

/** It stands without quotes. */
export function isPlain(node: Scalar): boolean {
  return node.type === 'PLAIN' || node.type === undefined;
}

/** As it is written: a host called 1.10 is not one called 1.1. */
export function writtenKey(key: unknown): string {
  return isScalar(key) ? textOf(key) : String(key);
}

/** Inside a value: `yes` is true, 0640 is 416, a date its text. */
export function nestedKey(key: unknown): Key {
  if (!isScalar(key) || !isPlain(key)) return writtenKey(key);
  const value = scalarOf(textOf(key));
  return value === null || typeof value !== 'object' ? value : String(value);
}
