import { readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { onTestFinished } from 'vitest';
import type { ReleaseRequest } from '../../../lib/release/index.ts';
import { SOFTWARE } from '../../../roles/binaries.ts';
import { release, sha256, tarball } from './tarball.ts';

/** A loopback server that ends with its test. */
export async function serve(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await listen(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

export async function listen(server: Server | NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export interface Mirror {
  /** The template for `etcd_download_url`. */
  readonly url: string;
  readonly files: Map<string, Buffer>;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  readonly requests: IncomingMessage[];
}

/** The layout of the upstream release site, with etcd 3.5.30 for amd64 unless other files are given. */
export async function mirror(files = layout('3.5.30', tarball(release('3.5.30')))): Promise<Mirror> {
  const asked: string[] = [];
  const requests: IncomingMessage[] = [];
  const { url } = await serve((request, response) => {
    const path = new URL(request.url ?? '/', 'http://mirror').pathname;
    asked.push(path);
    requests.push(request);
    const body = files.get(path);
    response.writeHead(body === undefined ? 404 : 200, { 'content-length': body?.length ?? 0 });
    response.end(body);
  });
  return { url: `${url}/v{version}/etcd-v{version}-linux-{arch}.tar.gz`, files, asked, requests };
}

export function layout(version: string, bytes: Buffer, digest = sha256(bytes)): Map<string, Buffer> {
  const name = `etcd-v${version}-linux-amd64.tar.gz`;
  return new Map([
    [`/v${version}/${name}`, bytes],
    [`/v${version}/SHA256SUMS`, Buffer.from(`${'0'.repeat(64)}  other.zip\n${digest}  ${name}\n`)],
  ]);
}

export function request(cacheDir: string, more: Partial<ReleaseRequest> = {}): ReleaseRequest {
  return {
    software: SOFTWARE,
    version: '3.5.30',
    arch: 'amd64',
    source: 'release',
    url: '/nowhere/{version}',
    cacheDir,
    baseDir: '/',
    ...more,
  };
}

/** What is in the cache apart from the file that keeps it out of a repository. */
export async function cached(cacheDir: string): Promise<string[]> {
  return (await readdir(cacheDir).catch(() => [])).filter((name) => name !== '.gitignore').sort();
}

export const quiet = () => undefined;
