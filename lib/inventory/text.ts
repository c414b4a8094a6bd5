import { readFileSync } from 'node:fs';
import type { Position } from '../errors.ts';
import type { Problems } from './checks/problems.ts';
import { noteRead } from './files-read.ts';

/** What opens encrypted text; where there is no password, it says so. */
export type OpenVault = (armoured: string, position: Position | undefined) => Promise<string>;

/** How a file starts that `ansible-vault` encrypted. */
export const VAULT_MARK = '$ANSIBLE_VAULT;';

/**
 * The text of a file; undefined when it has none that can be read, and the problem is noted: it is not there, is no
 * text, or is the middle of a merge.
 */
export function readText(file: string, problems: Problems, hint?: string): string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
    noteRead(file, bytes);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    problems.add(
      missing ? `there is no file ${file}` : `cannot read ${file}: ${(error as Error).message}`,
      undefined,
      missing ? hint : undefined,
    );
    return undefined;
  }
  const text = decoded(bytes);
  const at = (offset: number): Position => ({
    file,
    line: text.slice(0, offset).split('\n').length,
    column: 1,
  });
  // What a comment says is read by nobody.
  const strange = text.search(/\0|^(?!\s*[#;]).*\ufffd/m);
  if (strange >= 0 && text.includes('\0'))
    problems.add(
      'this is not text, but a binary file',
      at(strange),
      'name an inventory, or a folder of them',
    );
  else if (strange >= 0) problems.add('this is not UTF-8 text', at(strange), 'save the file as UTF-8');
  else {
    const conflict = text.search(/^<{7} |^>{7} /m);
    if (conflict < 0) return text;
    problems.add(
      'a merge left its conflict here',
      at(conflict),
      'choose one side, and take the markers away',
    );
  }
  return undefined;
}

function decoded(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString('utf16le');
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

/** For a file that could not be read as an inventory: what it rather is; `isMeant`: it is one, but for a slip. */
export function whatItIs(
  file: string,
  text: string,
): { readonly problem: string; readonly hint: string; readonly isMeant?: true } | undefined {
  if (text.startsWith('#!'))
    return {
      isMeant: true,
      problem: 'this is a script, and may not be executed',
      hint: `chmod +x ${file}, so that it is run for the list of hosts`,
    };
  if (/\.(md|markdown|rst|adoc|html?)$/i.test(file) || /^\s*<(!doctype|html)/i.test(text))
    return { problem: 'this is a page to read, not an inventory', hint: 'name the inventory with -i' };
  if (/^(diff --git|--- a\/)/m.test(text) && /^\+\+\+ /m.test(text))
    return { problem: 'this is a patch, not an inventory', hint: 'name the inventory with -i' };
  if (/^\s*- (hosts|name|import_playbook):/m.test(text) && /^- /m.test(text))
    return { problem: 'this is a playbook, not an inventory', hint: 'name the inventory with -i' };
  return undefined;
}
