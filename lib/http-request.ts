import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { hostOf } from './addresses.ts';
import { basicCredentials } from './credentials.ts';
import { proxyFor } from './proxy.ts';

/** In milliseconds: until the connection stands, TLS included, and from then until the answer. */
interface Limits {
  readonly connect: number;
  readonly answer: number;
}

/** Nobody was there in time. */
export class NoConnection extends Error {
  readonly kind: keyof Limits;
  readonly milliseconds: number;

  constructor(kind: keyof Limits, milliseconds: number) {
    super(`no ${kind === 'connect' ? 'connection' : 'answer'} within ${milliseconds / 1000} s`);
    this.kind = kind;
    this.milliseconds = milliseconds;
  }
}

/** What is asked for, besides where; a GET without a body, by the proxy of the environment, unless said. */
interface Asked {
  readonly method?: string;
  readonly body?: Uint8Array;
  readonly proxy?: string | undefined;
}

/**
 * Sends a request to `url`, through the proxy that the environment names for it: plain http is asked of the proxy, https
 * goes through a tunnel. Neither Node's fetch nor undici does: that of Node 20 knows no proxies and no time
 * limit for the connection alone, and both end the process, past every catch, when a server closes the
 * connection while we are behind with reading (nodejs/undici#5360).
 */
export async function requestTo(
  url: URL,
  headers: Readonly<Record<string, string>>,
  limits: Limits,
  { method = 'GET', body, proxy = proxyFor(url) }: Asked = {},
): Promise<IncomingMessage> {
  if (proxy === undefined) {
    return answer(send(url, { method, path: pathOf(url), headers }, body), limits);
  }
  const via = new URL(proxy);
  const credentials = proxyCredentials(via);
  if (url.protocol === 'http:') {
    const path = `${url.origin}${pathOf(url)}`;
    const all = { ...headers, ...credentials, host: url.host };
    return answer(send(via, { method, path, headers: all }, body), limits);
  }
  const socket = await tunnel(via, url, credentials, limits);
  const host = hostOf(url);
  const secured = () => tlsConnect({ socket, host, ...(isIP(host) === 0 && { servername: host }) });
  try {
    const response = await answer(
      send(url, { method, path: pathOf(url), headers, createConnection: secured }, body),
      limits,
    );
    // Nobody else closes the tunnel, and an open one keeps the process alive.
    return response.once('close', () => socket.destroy());
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A request to the server of `url`, on a connection of its own. */
function send(url: URL, options: RequestOptions, body?: Uint8Array): ClientRequest {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return request({ host: hostOf(url), port: url.port || undefined, agent: false, ...options }).end(body);
}

function answer(request: ClientRequest, limits: Limits): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const stop = limit(request, limits);
    request.on('error', (error) => {
      stop();
      reject(error);
    });
    request.on('response', (response) => {
      stop();
      resolve(response);
    });
  });
}

function tunnel(
  proxy: URL,
  url: URL,
  headers: Readonly<Record<string, string>>,
  limits: Limits,
): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  const request = send(proxy, { method: 'CONNECT', path: target, headers: { ...headers, host: target } });
  return new Promise((resolve, reject) => {
    const stop = limit(request, limits);
    const fail = (error: Error) => {
      stop();
      reject(error);
    };
    request.on('error', fail);
    request.on('connect', ({ statusCode, statusMessage }, socket) => {
      if (statusCode === 200) {
        stop();
        resolve(socket as Socket);
        return;
      }
      socket.destroy();
      fail(new Error(`the proxy ${proxy.host} answered ${statusCode} ${statusMessage}`));
    });
  });
}

/** Ends `request` when it takes longer than allowed; returns what lifts the limits. */
function limit(request: ClientRequest, limits: Limits): () => void {
  const expire = (kind: keyof Limits) =>
    setTimeout(() => request.destroy(new NoConnection(kind, limits[kind])), limits[kind]);
  let timer = expire('connect');
  request.on('socket', (socket) => {
    const ready = () => {
      clearTimeout(timer);
      timer = expire('answer');
    };
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', ready);
    request.once('close', () => clearTimeout(timer));
  });
  return () => clearTimeout(timer);
}

function pathOf(url: URL): string {
  return `${url.pathname}${url.search}`;
}

function proxyCredentials(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  return { 'proxy-authorization': basicCredentials(proxy) };
}
