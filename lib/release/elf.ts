import { open } from 'node:fs/promises';

/** Machine numbers of the ELF header by release architecture. Source: elf.h of the C library. */
const MACHINES: Readonly<Record<string, number>> = {
  amd64: 62,
  arm64: 183,
  arm: 40,
  '386': 3,
  ppc64le: 21,
  s390x: 22,
  riscv64: 243,
  loong64: 258,
};

/** Why `path` is not a program for `arch`; undefined when it is one. */
export async function notElfFor(path: string, arch: string): Promise<string | undefined> {
  const header = Buffer.alloc(20);
  const file = await open(path, 'r');
  try {
    const { bytesRead } = await file.read(header, 0, header.length, 0);
    if (bytesRead < header.length || header.readUInt32BE(0) !== 0x7f454c46)
      return 'it is not a Linux program';
  } finally {
    await file.close();
  }
  const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
  const wanted = MACHINES[arch];
  if (wanted === undefined || machine === wanted) return undefined;
  const actual = Object.entries(MACHINES).find(([, number]) => number === machine)?.[0];
  return `it is a program for ${actual ?? `ELF machine ${machine}`}, wanted ${arch}`;
}
