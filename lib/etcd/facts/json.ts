/** What a program printed as JSON. */
export type Json = string | number | boolean | null | readonly Json[] | JsonRecord;
type JsonRecord = { readonly [key: string]: Json };

/** Thrown where an answer is in none of the shapes that are known. */
export class UnknownShape extends Error {}

/** Parses JSON. Bare numbers of 16 digits and more, as 64-bit IDs, are too large for a double: they become strings. */
export function parseJson(printed: string): Json {
  try {
    return JSON.parse(printed.replaceAll(/([:[,]\s*)(\d{16,})(?=\s*[,}\]])/g, '$1"$2"'));
  } catch {
    throw new UnknownShape();
  }
}

export function record(json: Json): JsonRecord {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new UnknownShape();
  return json as JsonRecord;
}

export function field(json: Json, name: string): Json | undefined {
  return record(json)[name];
}

export function need(json: Json, name: string): Json {
  const value = field(json, name);
  if (value === undefined) throw new UnknownShape();
  return value;
}

export function list(json: Json): readonly Json[] {
  if (!Array.isArray(json)) throw new UnknownShape();
  return json;
}

/** The only element of a list. */
export function only(json: Json): Json {
  const [first, ...others] = list(json);
  if (first === undefined || others.length > 0) throw new UnknownShape();
  return first;
}

export function text(json: Json): string {
  if (typeof json !== 'string') throw new UnknownShape();
  return json;
}

/** A whole number; 0 where it is left out. */
export function whole(json: Json | undefined): number {
  const value = Number(json ?? 0);
  if (typeof json === 'boolean' || json === '' || !Number.isInteger(value)) throw new UnknownShape();
  return value;
}

/** A 64-bit ID as hex; empty where it is left out. */
export function hex(json: Json | undefined): string {
  if (json === undefined || json === 0) return '';
  if (!/^\d+$/.test(String(json))) throw new UnknownShape();
  return BigInt(String(json)).toString(16);
}
