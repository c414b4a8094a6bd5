import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';

/**
 * Serves files over loopback, as the upstream release site does. Started inside a lab's namespace:
 * `serve.ts PORT FOLDER…`; of several folders the first that has a file gives it. Prints one line when it listens.
 */
const [port, ...folders] = process.argv.slice(2);

createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://lab').pathname));
  const file = folders.map((folder) => join(folder, path)).find(isFile);
  if (file === undefined || !['GET', 'HEAD'].includes(request.method ?? '')) {
    response.writeHead(404).end('not found\n');
    return;
  }
  response.writeHead(200, {
    'content-length': statSync(file).size,
    'content-type': 'application/octet-stream',
  });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file).pipe(response);
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
