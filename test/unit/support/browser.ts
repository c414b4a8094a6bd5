import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A browser on this machine. */
export const BROWSER = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => existsSync(path));

/** What a browser makes of a page once its script has run. `fragment` stands behind the `#` of its address. */
export function opened(file: string, fragment = ''): string {
  const profile = mkdtempSync(join(tmpdir(), 'quorate-browser-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--dump-dom'];
  const address = `${pathToFileURL(file).href}${fragment === '' ? '' : `#${fragment}`}`;
  const { stdout } = spawnSync(BROWSER ?? '', [...flags, `--user-data-dir=${profile}`, address], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  return stdout;
}
