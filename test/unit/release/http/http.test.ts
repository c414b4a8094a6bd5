import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { request as httpRequest, type RequestListener } from 'node:http';
import { connect, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { proxyFor } from '../../../../lib/proxy.ts';
import { LIMITS, openHttp } from '../../../../lib/release/http/http.ts';
import { scratch } from '../../support/scratch.ts';
import { listen, serve } from '../mirror.ts';

const QUICK = { ...LIMITS, connect: 300, stall: 300 };

beforeEach(() => {
  for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
});

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a download', () => {
  it('follows redirects and takes no credentials to another host', async () => {
    const seen: (string | undefined)[] = [];
    const end = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('bytes');
    });
    const start = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: request.url === '/a' ? '/b' : `${end.url}/c` }).end();
    });
    const url = new URL(`${start.url}/a`);
    url.username = 'me';
    expect(await text(await openHttp(url))).toBe('bytes');
    expect(seen).toEqual(['Basic bWU6', 'Basic bWU6', undefined]);
  });

  it.each([
    ['a redirect to a file', 'file:///etc/passwd', /a place we cannot go to/],
    ['a redirect to nonsense', 'http://[', /a place we cannot go to/],
  ])('refuses %s', async (_what, location, message) => {
    const { url } = await serve((_request, response) => response.writeHead(301, { location }).end());
    await expect(openHttp(new URL(url))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  });

  it('does not follow redirects for ever', async () => {
    let asked = 0;
    const { url } = await serve((_request, response) =>
      response.writeHead(301, { location: `/${++asked}` }).end(),
    );
    await expect(openHttp(new URL(url))).rejects.toThrow(/10 redirects/);
    expect(asked).toBe(11);
  });

  it('does not follow a redirect from https to http', async () => {
    const { url, cert } = await serveTls((_request, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    );
    const said = await withCa(cert, url);
    expect(said).toMatch(/^5 .*redirects from https to http:\/\/127\.0\.0\.1:1\/, which nothing protects/);
  });

  it('may take longer than a stall', async () => {
    const { url } = await serve(async (_request, response) => {
      for (let i = 0; i < 5; i++) {
        response.write('x');
        await new Promise((resolve) => setTimeout(resolve, 120));
      }
      response.end();
    });
    expect(await text(await openHttp(new URL(url), QUICK))).toBe('xxxxx');
  });

  it('survives a server that closes while we are behind with reading', async () => {
    const { url } = await serve((_request, response) => {
      response.shouldKeepAlive = false;
      response.end(Buffer.alloc(8 << 20));
    });
    const { body } = await openHttp(new URL(url));
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bytes).toBe(8 << 20);
  });

  it.each([
    ['the server never answers', () => serve(() => undefined)],
    [
      'the body stalls',
      () =>
        serve((_request, response) => {
          response.writeHead(200, { 'content-length': 10 }).write('half');
        }),
    ],
  ])('ends when %s', async (_what, start) => {
    const { url } = await start();
    const got = openHttp(new URL(url), QUICK).then(text);
    await expect(got).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/no byte came in 0\.3 s/),
    });
  });

  it('ends when the body drips', async () => {
    const { url } = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    await expect(openHttp(new URL(url), { ...QUICK, pace: 200 }).then(text)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/\d bytes came in 0\.2 s/),
    });
  });

  it.each([
    ['says', { 'content-length': 2 << 20 }],
    ['hides', {}],
  ])('ends when a server %s that it has more than there may be', async (_what, headers) => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, headers).write(Buffer.alloc(1 << 20));
      response.write(Buffer.alloc(1 << 19));
    });
    await expect(openHttp(new URL(url), { ...LIMITS, most: 1 << 20 }).then(text)).rejects.toMatchObject({
      exitCode: 5,
      message: `${url}/ is larger than 1 MiB`,
    });
  });

  it('gives up on a TLS connection that does not come about', async () => {
    const port = await listen(createNetServer(() => undefined));
    const got = openHttp(new URL(`https://127.0.0.1:${port}/`), { ...QUICK, stall: 9000 });
    await expect(got).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/no connection within 0\.3 s/),
    });
  });

  it('says which certificate is not trusted', async () => {
    const { url } = await serveTls();
    await expect(openHttp(new URL(url))).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/),
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });
});

describe('a proxy', () => {
  it('is asked for plain http', async () => {
    const origin = await serve((request, response) => response.end(`from ${request.headers.host}`));
    const { url, asked } = await proxy();
    vi.stubEnv('HTTP_PROXY', url.replace('//', '//user:secret@'));
    expect(await text(await openHttp(new URL(`${origin.url}/x?y=1`)))).toBe(
      `from ${new URL(origin.url).host}`,
    );
    expect(asked).toEqual([`GET ${origin.url}/x?y=1 Basic ${Buffer.from('user:secret').toString('base64')}`]);
  });

  it.each([
    ['100%', '100%'],
    ['p%ss', 'p%ss'],
    ['a%20b%', 'a b%'],
    ['a%FFb', 'a%FFb'],
  ])('and a server get %s as the password %s', async (written, password) => {
    const origin = await serve((request, response) => response.end(request.headers.authorization));
    const { url, asked } = await proxy();
    const basic = `Basic ${Buffer.from(`u:${password}`).toString('base64')}`;
    const withLogin = (address: string) => address.replace('//', `//u:${written}@`);
    expect(await text(await openHttp(new URL(withLogin(origin.url))))).toBe(basic);
    vi.stubEnv('http_proxy', withLogin(url));
    await openHttp(new URL(origin.url));
    expect(asked[0]).toContain(basic);
  });

  it('is tunnelled through for https, with the certificate of the server checked', async () => {
    const origin = await serveTls();
    const { url, asked } = await proxy();
    vi.stubEnv('https_proxy', url);
    await expect(openHttp(new URL(origin.url))).rejects.toMatchObject({ exitCode: 5 });
    expect(await withCa(origin.cert, origin.url)).toBe('over TLS');
    expect(asked[1]).toBe(`CONNECT ${new URL(origin.url).host} `);
  });

  it('that refuses is named', async () => {
    const { url } = await proxy(407);
    vi.stubEnv('HTTPS_PROXY', url);
    await expect(openHttp(new URL('https://etcd.invalid/x'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/the proxy 127\.0\.0\.1:\d+ answered 407/),
    });
  });

  it('is passed by for hosts that NO_PROXY names', async () => {
    const origin = await serve((_request, response) => response.end('direct'));
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    await expect(openHttp(new URL(origin.url))).rejects.toThrow(/ECONNREFUSED/);
    vi.stubEnv('NO_PROXY', 'example.org, 127.0.0.1');
    expect(await text(await openHttp(new URL(origin.url)))).toBe('direct');
  });

  it.each([
    ['https://a.example/', {}, undefined],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://a.example/', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['http://a.example/', { HTTP_PROXY: 'p:1' }, 'http://p:1'],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', https_proxy: 'http://q:1' }, 'http://q:1'],
    ['https://a.example/', { ALL_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, undefined],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'example' }, undefined],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '.example' }, undefined],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'b.example,ample' }, 'http://p:1'],
    ['https://a.example/', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.example:443' }, undefined],
    ['https://a.example:8/', { HTTPS_PROXY: 'http://p:1', no_proxy: 'a.example:443' }, 'http://p:1'],
    ['https://[::1]/', { HTTPS_PROXY: 'http://p:1', no_proxy: '[::1]' }, undefined],
    ['https://[fd00::5]/', { HTTPS_PROXY: 'http://p:1', no_proxy: 'fd00::05' }, undefined],
    ['https://[fd00::5]:8/', { HTTPS_PROXY: 'http://p:1', no_proxy: '[fd00::5]:443' }, 'http://p:1'],
    ['https://10.1.2.3/', { HTTPS_PROXY: 'http://p:1', no_proxy: 'x,10.0.0.0/8' }, undefined],
    [
      'https://11.1.2.3/',
      { HTTPS_PROXY: 'http://p:1', no_proxy: '10.0.0.0/8,10.0.0.0/99,x/8' },
      'http://p:1',
    ],
    ['https://[fd00::5]/', { HTTPS_PROXY: 'http://p:1', no_proxy: '10.0.0.0/8,fd00::/16' }, undefined],
    ['https://a.example/', { HTTPS_PROXY: 'socks5h://p:1', no_proxy: 'example' }, undefined],
  ])('for %s with %j is %s', (url, env, expected) => {
    expect(proxyFor(new URL(url), env)).toBe(expected);
  });

  it.each([
    ['all_proxy', 'socks5h://127.0.0.1:1080'],
    ['https_proxy', 'http://u:p#x@127.0.0.1:9'],
    ['HTTPS_PROXY', 'proxy.corp:3128:'],
  ])('that is none is told by its variable, and not quoted: %s=%s', async (name, value) => {
    vi.stubEnv(name, value);
    await expect(openHttp(new URL('https://etcd.invalid/x'))).rejects.toMatchObject({
      exitCode: 1,
      message: `${name} is not the address of an HTTP proxy`,
    });
  });
});

async function text({ body }: { body: AsyncIterable<Uint8Array> }): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A proxy that forwards and tunnels, or answers everything with `refusal`. */
async function proxy(refusal?: number): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const note = (method = '', url = '', authorization = '') => asked.push(`${method} ${url} ${authorization}`);
  const { url, server } = await serve((request, response) => {
    note(request.method, request.url, request.headers['proxy-authorization']);
    if (refusal !== undefined) return void response.writeHead(refusal).end();
    const onward = httpRequest(request.url ?? '', { headers: { host: request.headers.host } }, (answer) => {
      response.writeHead(answer.statusCode ?? 0);
      answer.pipe(response);
    });
    onward.end();
  });
  server.on('connect', (request, socket) => {
    note('CONNECT', request.url, request.headers['proxy-authorization']);
    if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    const [host, port] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on('error', () => undefined);
  });
  return { url, asked };
}

/** What a process that trusts `cert` gets from `url`: Node reads NODE_EXTRA_CA_CERTS when it starts. */
async function withCa(cert: string, url: string): Promise<string> {
  const ca = join(scratch(), 'ca.pem');
  await writeFile(ca, cert);
  const module = new URL('../../../../lib/release/http/http.ts', import.meta.url);
  const script = `import(${JSON.stringify(module.href)})
    .then(({ openHttp }) => openHttp(new URL(${JSON.stringify(url)})))
    .then(async ({ body }) => { for await (const chunk of body) process.stdout.write(chunk) })
    .catch((error) => process.stdout.write(error.exitCode + ' ' + error.message))`;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: ca };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '-e', script], { env });
  return stdout;
}

async function serveTls(
  listener: RequestListener = (_request, response) => response.end('over TLS'),
): Promise<{ url: string; cert: string }> {
  const { createServer } = await import('node:https');
  const { generate } = await import('selfsigned');
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const port = await listen(createServer({ key, cert }, listener));
  return { url: `https://127.0.0.1:${port}`, cert };
}
