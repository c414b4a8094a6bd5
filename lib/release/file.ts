import { createHash } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from './digest.ts';
import { openHttp } from './http/http.ts';
import { shownUrl } from './http/location.ts';
import { untrusted } from './wording.ts';
import { withWorkspace } from './workspace.ts';

/**
 * The path of a download in the cache, where it is named by its digest; one that is there is hashed again, and not
 * downloaded. Throws exit code 5 for other bytes than the wanted ones, 2 where they cannot be had.
 */
export async function fetchFile(
  { url, sha256 }: { readonly url: string; readonly sha256: string },
  cacheDir: string,
  progress: (text: string) => void,
): Promise<string> {
  const path = join(cacheDir, sha256);
  if ((await sha256File(path).catch(() => undefined)) === sha256) return path;
  return withWorkspace(cacheDir, async (workspace) => {
    const from = new URL(url);
    const part = join(workspace, 'part');
    const found = await save(from, part, progress);
    if (found !== sha256) {
      throw untrusted(
        `${shownUrl(from)} has not the digest it should have\n  wanted sha256 ${sha256}\n  got    sha256 ${found}`,
        'nothing of it was kept; if it has changed for a reason, write its new digest',
      );
    }
    await rename(part, path);
    return path;
  });
}

async function save(url: URL, target: string, progress: (text: string) => void): Promise<string> {
  const { body, cancel } = await openHttp(url);
  const hash = createHash('sha256');
  const file = await open(target, 'wx', 0o600);
  let bytes = 0;
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      await file.write(chunk);
      bytes += chunk.length;
      progress(`downloading ${shownUrl(url)}: ${Math.floor(bytes / 1e6)} MB`);
    }
  } finally {
    await file.close();
    cancel();
  }
  return hash.digest('hex');
}
