import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../../lib/dsl/path.ts';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { type Sh, sh } from '../../../../lib/dsl/shell/sh.ts';
import { incoming, writeContent } from '../../../../lib/resources/content/content.ts';
import { directory } from '../../../../lib/resources/directory.ts';
import { link } from '../../../../lib/resources/link.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

/** Any user but root: it need not have a name. */
const WEB = 4711;
const isRoot = process.getuid?.() === 0;

/** A folder of a user's, `home`, beside one of root's, `etc`, that the user would like to have changed. */
function land(): { readonly home: string; readonly etc: string } {
  const dir = realpathSync(scratch());
  chmodSync(dir, 0o755);
  const [home, etc] = [join(dir, 'home'), join(dir, 'etc')];
  mkdirSync(home);
  mkdirSync(etc);
  writeFileSync(join(etc, 'shadow'), 'secret', { mode: 0o600 });
  chownSync(home, WEB, WEB);
  return { home, etc };
}

function linkOfWeb(to: string, at: string): void {
  symlinkSync(to, at);
  lchownSync(at, WEB, WEB);
}

describe.skipIf(!isRoot).each(SHELLS)('root in the folder of a user, by %s', (_name, file, ...args) => {
  const run = (script: Sh, before = '') => {
    const { status, stdout, stderr } = spawnSync(file ?? 'sh', [...args, '-s'], {
      encoding: 'utf8',
      input: `${PRELUDE}${before}${script.text}`,
    });
    return { status, said: `${stdout}${stderr}` };
  };

  it('writes, takes over, changes and removes what is there, and leaves nothing else', () => {
    const { home, etc } = land();
    const at = (name: string) => join(home, name);
    writeFileSync(at('.adopted.sent'), 'sent');
    expect(
      run(sh`q_state=${etc}
printf new | q_write ${at('new')} 0640 ${WEB} ${WEB} || exit
q_adopt ${at('.adopted.sent')} ${at('adopted')} 0600 ${`${WEB}:${WEB}`} ${sha256('sent')} || exit
mkdir ${at('folder')} && q_mode ${at('folder')} 0700 ${WEB} '' || exit
printf x >${at('gone')}; q_drop ${at('gone')} || exit
printf y >${join(etc, 'taken')}; q_take ${join(etc, 'taken')} ${at('taken')} || exit
q_mode ${at('taken')} 0604 ${WEB} ${WEB}`),
    ).toEqual({ status: 0, said: '' });
    const look = (name: string) => {
      const { mode, uid } = lstatSync(at(name));
      return `${name} ${(mode & 0o7777).toString(8)} ${uid}`;
    };
    expect(readdirSync(home).map(look)).toEqual([
      `adopted 600 ${WEB}`,
      `folder 700 ${WEB}`,
      `new 640 ${WEB}`,
      `taken 604 ${WEB}`,
    ]);
    expect(['new', 'adopted'].map((name) => readFileSync(at(name), 'utf8'))).toEqual(['new', 'sent']);
  });

  it.each<[string, (path: string) => Sh]>([
    ['writes', (path) => sh`printf x | q_write ${path} 0644 '' ''`],
    ['takes over', (path) => sh`echo x >/tmp/q.$$; q_adopt /tmp/q.$$ ${path} 0644 : ${sha256('x\n')}`],
    ['changes', (path) => sh`q_mode ${path} 0644 ${WEB} ''`],
    ['removes', (path) => sh`q_drop ${path}`],
    ['removes all', (path) => sh`q_on ${path} rm -rf --`],
    ['links', (path) => link(path, { to: 'x' }).apply([], {})],
    ['makes', (path) => directory(`${path}/a/b`).apply([], {})],
  ])('%s nothing where a link of the user leads to what is not theirs', (_what, act) => {
    const { home, etc } = land();
    linkOfWeb(etc, join(home, 'app'));
    const { status, said } = run(act(join(home, 'app/shadow')));
    expect([status, said]).toEqual([expect.any(Number), expect.stringContaining('somebody else')]);
    expect(status).not.toBe(0);
    const { mode, uid } = statSync(join(etc, 'shadow'));
    expect([readFileSync(join(etc, 'shadow'), 'utf8'), mode & 0o777, uid]).toEqual(['secret', 0o600, 0]);
    expect(readdirSync(etc)).toEqual(['shadow']);
  });

  it('makes folders and links in none that becomes a link on the way', () => {
    const { home, etc } = land();
    const app = join(home, 'app');
    // The user is quick: what is made is a link to somewhere else before the next command.
    const quick = `mkdir() { command mkdir "$@" && [ -e ${app} ] && { mv ${app} ${home}/was; ln -s ${etc} ${app}; chown -h ${WEB} ${app}; }; return 0; }\n`;
    expect(run(directory(join(app, 'a/b')).apply([], {}), quick).status).not.toBe(0);
    expect(run(link(join(app, 'x'), { to: 'y' }).apply([], {})).status).not.toBe(0);
    expect(readdirSync(etc)).toEqual(['shadow']);
  });

  it('makes the folders above a folder, like others that are there', () => {
    const { home } = land();
    expect(run(sh`q_mkdir ${join(home, 'a/b c')} && q_mkdir ${join(home, 'a/b c')}`)).toEqual({
      status: 0,
      said: '',
    });
    expect(statSync(join(home, 'a/b c')).mode & 0o777).toBe(0o755);
    expect(readdirSync(home)).toEqual(['a']);
  });

  it('follows a link of root, and one of the user to what is theirs', () => {
    const { home, etc } = land();
    mkdirSync(join(home, 'releases'));
    chownSync(join(home, 'releases'), WEB, WEB);
    linkOfWeb('releases', join(home, 'current'));
    mkdirSync(join(home, 'releases/of-root'));
    symlinkSync(etc, join(home, 'roots'));
    expect(
      run(
        sh`printf x | q_write ${join(home, 'current/a')} 0644 '' '' && printf y | q_write ${join(home, 'roots/b')} 0644 '' '' && printf z | q_write ${join(home, 'current/of-root/c')} 0644 '' ''`,
      ),
    ).toEqual({ status: 0, said: '' });
    expect([existsSync(join(home, 'releases/a')), existsSync(join(etc, 'b'))]).toEqual([true, true]);
  });

  it('does not give away what a link leads to that takes the place of a file in between', () => {
    const { home, etc } = land();
    const path = join(home, 'x');
    // The user is quick: as soon as a file is theirs, a link to another one has its name.
    const quick = `chown() { command chown "$@"; if [ -O / ] && [ -e ${path} ]; then rm -f ${path}; ln -s ${etc}/shadow ${path}; fi; }\n`;
    writeFileSync(path, 'x');
    run(sh`q_mode ${path} 0644 ${WEB} ${WEB}`, quick);
    const { mode, uid } = statSync(join(etc, 'shadow'));
    expect([mode & 0o777, uid]).toEqual([0o600, 0]);
  });

  it.each(['another', 'secret'])('gives nothing away that a link leads to where %s was sent', (sent) => {
    const { home, etc } = land();
    const path = join(home, 'x');
    writeFileSync(path, 'old');
    chmodSync(path, 0o666);
    chownSync(path, WEB, WEB);
    linkOfWeb(join(etc, 'shadow'), incoming(path));
    const content = { source: '', sha256: sha256(sent) };
    expect(run(writeContent(path, content, { mode: '0644', owner: 'root' })).status).not.toBe(0);
    const { mode, uid } = statSync(join(etc, 'shadow'));
    expect([mode & 0o777, uid, readFileSync(path, 'utf8')]).toEqual([0o600, 0, 'old']);
  });

  it('leaves alone what another shell is at, and removes what one has left that is gone', () => {
    const { home } = land();
    const others = `.quorate-new-${process.pid}`;
    for (const name of [others, '.quorate-new-4194305', '.quorate-new-x']) {
      mkdirSync(join(home, name));
      writeFileSync(join(home, name, 'new'), '');
    }
    expect(
      run(sh`mkdir ${home}/.quorate-new-$$
printf x | q_write ${join(home, 'x')} 0644 '' ''`),
    ).toEqual({ status: 0, said: '' });
    expect(readdirSync(home)).toEqual([others, 'x']);
    expect(readdirSync(join(home, others))).toEqual(['new']);
  });

  it('takes a folder for one that others may change where its group may, and a path that is not whole', () => {
    const { etc } = land();
    const isShared = (path: string) => run(sh`q_shared ${path}`).status === 0;
    expect(isShared(join(etc, 'x'))).toBe(false);
    // As an access list shows in the mode.
    chmodSync(etc, 0o775);
    expect([join(etc, 'x'), 'x', './x'].map(isShared)).toEqual([true, true, true]);
  });

  it('has nothing to remove in a folder that is gone', () => {
    const path = join(land().home, 'gone/x');
    expect(run(sh`q_drop ${path} && q_on ${path} rm -f --`)).toEqual({ status: 0, said: '' });
    expect(run(sh`q_on ${path} chmod 0644`).status).not.toBe(0);
  });

  it('brings what was sent as a copy that nobody else has open, and never what a link leads to', () => {
    const { home, etc } = land();
    const sent = join(home, '.sent');
    const bring = sh`(q_enter ${sent} && q_apart && q_bring ${sent} whole && cat whole && stat -c ' %u %h' whole; q_leave $?)`;
    writeFileSync(sent, 'sent');
    chownSync(sent, WEB, WEB);
    expect(run(bring)).toEqual({ status: 0, said: 'sent 0 1\n' });
    expect(readdirSync(home)).toEqual([]);
    linkOfWeb(join(etc, 'shadow'), sent);
    expect(run(bring)).toEqual({ status: 1, said: expect.stringContaining('.sent is another one by now') });
  });

  it('adopts a copy of what was sent, with the access of the file before', () => {
    const { home, etc } = land();
    const path = join(home, 'x');
    writeFileSync(path, 'old');
    chownSync(path, WEB, WEB);
    utimesSync(path, 1, 1);
    writeFileSync(incoming(path), 'sent');
    const { ino } = statSync(incoming(path));
    const content = { source: '', sha256: sha256('sent') };
    expect(
      run(sh`q_state=${etc}
${writeContent(path, content, { mode: '0640' })}`),
    ).toEqual({ status: 0, said: '' });
    const now = statSync(path);
    expect([now.mode & 0o777, now.uid, now.mtimeMs > 1000, now.ino === ino]).toEqual([
      0o640,
      WEB,
      true,
      false,
    ]);
    expect([readFileSync(path, 'utf8'), readdirSync(home)]).toEqual(['sent', ['x']]);
  });

  it('writes into no folder that takes the place of its own one', () => {
    const { home, etc } = land();
    const quick = `mkdir() { command mkdir "$@"; case "$*" in *.quorate-new-*) mv .quorate-new-$$ was; ln -s ${etc} .quorate-new-$$ ;; esac; }\n`;
    const { status } = run(sh`printf x | q_write ${join(home, 'x')} 0644 '' ''`, quick);
    expect([status, readdirSync(etc)]).toEqual([1, ['shadow']]);
  });
});
