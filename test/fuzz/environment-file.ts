/**
 * How systemd reads an `EnvironmentFile=`: a port of the state machine in its src/basic/env-file.c
 * (`parse_env_file_internal`), with what src/core/execute.c then leaves out. Throws for a file that systemd would
 * refuse as a whole.
 */
export function parseEnvironmentFile(bytes: Buffer): ReadonlyMap<string, string> {
  const text = bytes.toString('utf8');
  const values = new Map<string, string>();
  let state: State = 'before-key';
  let [key, value] = ['', ''];
  let trailing = -1;
  const push = () => {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) values.set(key, refuseUnprintable(value));
    [key, value, trailing] = ['', '', -1];
  };
  for (const char of text) {
    const newline = char === '\n' || char === '\r';
    const blank = ' \t\n\r'.includes(char);
    switch (state) {
      case 'before-key':
        if (char === '#' || char === ';') state = 'comment';
        else if (!blank) [state, key] = ['key', char];
        break;
      case 'key':
        if (newline) [state, key] = ['before-key', ''];
        else if (char === '=') [state, key] = ['before-value', key.replace(/[ \t]+$/, '')];
        else key += char;
        break;
      case 'before-value':
        if (newline) {
          push();
          state = 'before-key';
        } else if (char === "'") state = 'single';
        else if (char === '"') state = 'double';
        else if (char === '\\') state = 'escape';
        else if (!blank) [state, value] = ['value', value + char];
        break;
      case 'value':
        if (newline) {
          if (trailing >= 0) value = value.slice(0, trailing);
          push();
          state = 'before-key';
        } else if (char === '\\') [state, trailing] = ['value-escape', -1];
        else {
          if (!blank) trailing = -1;
          else if (trailing < 0) trailing = value.length;
          value += char;
        }
        break;
      case 'value-escape':
      case 'escape':
        if (!newline) value += char;
        state = 'value';
        break;
      case 'single':
        if (char === "'") state = 'before-value';
        else value += char;
        break;
      case 'double':
        if (char === '"') state = 'before-value';
        else if (char === '\\') state = 'double-escape';
        else value += char;
        break;
      case 'double-escape':
        if ('"\\`$'.includes(char)) value += char;
        else if (char !== '\n') value += `\\${char}`;
        state = 'double';
        break;
      case 'comment':
        if (char === '\\') state = 'comment-escape';
        else if (newline) state = 'before-key';
        break;
      case 'comment-escape':
        state = 'comment';
    }
  }
  if (key !== '' && !['before-key', 'key', 'comment', 'comment-escape'].includes(state)) push();
  return values;
}

type State =
  | 'before-key'
  | 'key'
  | 'before-value'
  | 'value'
  | 'value-escape'
  | 'escape'
  | 'single'
  | 'double'
  | 'double-escape'
  | 'comment'
  | 'comment-escape';

/** systemd takes valid UTF-8 only; what Unicode says is not a character is none to it (`unichar_is_valid`). */
function refuseUnprintable(value: string): string {
  if (/\0|\p{Noncharacter_Code_Point}/u.test(value)) {
    throw new Error(`systemd refuses the file: ${JSON.stringify(value)} is not text to it`);
  }
  return value;
}
