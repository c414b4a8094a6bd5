import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** An entry as its header says it; everything that a well-behaved archive would not have can be said. */
export interface Entry {
  readonly name: string;
  readonly body?: Buffer;
  /** tar's type flag: `0` file, `1` hard link, `2` symlink, `3` device, `5` folder, `x` extended header… */
  readonly type?: string;
  readonly mode?: number;
  readonly link?: string;
}

/** The bytes of an archive, written without a tar library so that it may be malicious. */
export function tar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ body = Buffer.alloc(0), ...entry }) => [
    header(entry, body.length),
    body,
    Buffer.alloc((512 - (body.length % 512)) % 512),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export function tarball(entries: readonly Entry[]): Buffer {
  return gzipSync(tar(entries), { level: 1 });
}

/** A release in the layout of etcd's own. */
export function release(version: string, arch = 'amd64', names = ['etcd', 'etcdctl', 'etcdutl']): Entry[] {
  const top = `etcd-v${version}-linux-${arch}`;
  return [
    { name: `${top}/`, type: '5', mode: 0o755 },
    { name: `${top}/README.md`, body: Buffer.from('read me\n'), mode: 0o644 },
    { name: `${top}/Documentation/`, type: '5', mode: 0o755 },
    { name: `${top}/Documentation/etcd`, body: Buffer.from('not the program\n'), mode: 0o644 },
    ...names.map((name) => ({ name: `${top}/${name}`, body: elf(`${name} ${version}`, arch), mode: 0o755 })),
  ];
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The header of a program for `arch`, and some text in place of code. */
export function elf(text: string, arch = 'amd64'): Buffer {
  const bytes = Buffer.alloc(64);
  const machine = { amd64: 62, arm64: 183, s390x: 22 }[arch] ?? 0;
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, arch === 's390x' ? 2 : 1, 1]);
  if (arch === 's390x') bytes.writeUInt16BE(machine, 18);
  else bytes.writeUInt16LE(machine, 18);
  return Buffer.concat([bytes, Buffer.from(text)]);
}

/** A program for x86-64 that prints `text`, whatever its arguments, and ends with 0. */
export function printer(text: string): Buffer {
  const message = Buffer.from(text);
  const code = Buffer.from([
    // write(1, message, length); lea rsi, [rip + 13] is where the code ends.
    ...[
      0xb8,
      1,
      0,
      0,
      0,
      0xbf,
      1,
      0,
      0,
      0,
      0x48,
      0x8d,
      0x35,
      16,
      0,
      0,
      0,
      0xba,
      message.length,
      0,
      0,
      0,
      0x0f,
      5,
    ],
    // exit(0)
    ...[0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 5],
  ]);
  const head = Buffer.alloc(120);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(62, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(0x400078n, 24);
  head.writeBigUInt64LE(64n, 32);
  for (const [at, value] of Object.entries({ 52: 64, 54: 56, 56: 1 })) head.writeUInt16LE(value, Number(at));
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(5, 68);
  head.writeBigUInt64LE(0x400000n, 80);
  head.writeBigUInt64LE(0x400000n, 88);
  const length = BigInt(head.length + code.length + message.length);
  head.writeBigUInt64LE(length, 96);
  head.writeBigUInt64LE(length, 104);
  head.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([head, code, message]);
}

function header({ name, type = '0', mode = 0o644, link = '' }: Entry, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  block.write('0000000\0'.repeat(2), 108);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write(`        ${type}`, 148);
  block.write(link, 157, 100);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
