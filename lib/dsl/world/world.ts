import type { Behind } from './behind-links.ts';
import { Declared } from './declared.ts';
import type { Foreseen, PackageState, PathState, UnitState, UserState } from './foreseen.ts';
import { Names, type StrangersLink } from './names.ts';
import { foldersAbove, isBelow, normalPath } from './normal-path.ts';
import { Slot, Things } from './things.ts';

/** Stands for a value that only the run can know. */
export const UNKNOWN = 'unknown';

const PATHS = new Slot<PathState>({ type: 'other', mode: UNKNOWN, owner: UNKNOWN, group: UNKNOWN, size: 0 });
const USERS = new Slot<UserState>({ group: UNKNOWN });
const GROUPS = new Slot<object>({});
const PACKAGES = new Slot<PackageState>({});
const UNITS = new Slot<UnitState>({ state: 'stopped' });

/**
 * One host as it will be when a task's turn comes: diffs run in task order, each says what it will change
 * (`foresee`), and every later one sees it.
 */
export class World {
  /** What tasks want on this host, whatever their order. */
  readonly declared: Declared;
  readonly #things: Things;
  /** Paths below which nothing that was read is there any more. */
  readonly #emptied: Set<string>;
  /** Folders that another file system comes to, or goes from. */
  readonly #remounted: Set<string>;
  /** Folders with something foreseen below. */
  readonly #folders: Set<string>;
  readonly #names: Names;
  readonly #provided: Set<string>;
  readonly #proves: boolean;
  /** Folders, and files, that tasks with something to do write to, and which of those tasks was the last. */
  readonly #touched: Map<string, number>;
  #opaque: boolean;
  #changes: number;

  constructor(from?: World, proves = false) {
    this.#things = new Things(from ? from.#things : undefined);
    this.#emptied = new Set(from ? from.#emptied : []);
    this.#remounted = new Set(from ? from.#remounted : []);
    this.#folders = new Set(from ? from.#folders : []);
    this.#names = new Names((path) => this.#foreseenAt(path), from ? from.#names : undefined);
    this.#provided = new Set(from ? from.#provided : []);
    this.declared = new Declared(this.#names, from?.declared);
    this.#proves = proves;
    this.#touched = new Map(from ? from.#touched : []);
    this.#opaque = from ? from.#opaque : false;
    this.#changes = from ? from.#changes : 0;
  }

  /** A copy to prove tasks with: readings are newer than what was foreseen of the same thing. */
  forProof(): World {
    return new World(this, true);
  }

  /** A copy that a later play begins with. */
  forNextPlay(): World {
    const next = new World(this);
    next.#things.endPlay();
    return next;
  }

  get isProof(): boolean {
    return this.#proves;
  }

  path(path: string): Foreseen<PathState> {
    const { path: key, isRead } = this.behind(path);
    const foreseen = this.slot(PATHS, key);
    const known = this.#things.of(PATHS);
    const gone = () => known.get(key) === undefined && this.#isEmptied(key);
    return {
      get state() {
        return gone() ? null : foreseen.state;
      },
      willBe: (state) => {
        // Another content is foreseen: the text of the one before is not it.
        const text = state.sha256 === undefined ? {} : { text: undefined };
        const next = { ...text, isNew: undefined, ...state };
        this.#names.pathChanges(key, state.to);
        foreseen.willBe(gone() ? { ...PATHS.bare, ...next } : next);
        for (const folder of foldersAbove(key)) this.#folders.add(folder);
      },
      willBeAbsent: () => {
        if (this.#folders.has(key))
          for (const one of [...known.keys()]) if (isBelow(one, key)) known.delete(one);
        this.#names.pathChanges(key);
        this.#emptied.add(key);
        foreseen.willBeAbsent();
      },
      over: (observed) => {
        if (this.#proves) return observed;
        if (gone()) return undefined;
        if (!isRead) return foreseen.state === undefined ? this.#unread(key) : foreseen.over(undefined);
        const found = foreseen.over(observed);
        if (found === undefined || found.text !== undefined || found.sha256 !== observed?.sha256)
          return found;
        return { ...found, ...(observed?.text !== undefined && { text: observed.text }) };
      },
    };
  }

  /** Where a path is behind links that tasks declare, or that the host has. */
  behind(path: string): Behind {
    return this.#names.behind(path);
  }

  #foreseenAt(path: string): Partial<PathState> | null | undefined {
    const known = this.#things.of(PATHS).get(path) as Partial<PathState> | null | undefined;
    return known === undefined && this.#isEmptied(path) ? null : known;
  }

  /**
   * Say that the host has a link there; those above it come first. `by` owns it, or one behind it, and what it leads to is
   * somebody else's.
   */
  hasLink(path: string, to: string, by?: string): void {
    this.#names.hasLink(path, to, by);
  }

  /** The first link above a path that leads to what is not its owner's: root does not follow it. */
  strangersLink(path: string): StrangersLink | undefined {
    return this.#names.strangersLink(path);
  }

  /** Say that the host has none there, or none any more; those above it come first. */
  hasNoLink(path: string): void {
    this.#names.hasNoLink(path);
  }

  /**
   * The one name of a thing that may have several: of a `path`, a `tree` and `lines` that behind links, of a `unit` that
   * by which systemd knows it.
   *
   * @example
   * world.thing('path /var/run/app') // 'path /run/app', where the host has that link
   */
  thing(thing: string): string {
    return this.#names.thing(thing);
  }

  /** Names directly below a directory: those of `read` that stay, and those that earlier tasks put there. */
  namesIn(directory: string, read: readonly string[]): readonly string[] {
    if (this.#proves) return read;
    const under = directory === '/' ? '/' : `${this.behind(directory).path}/`;
    const stay = read.filter((name) => this.path(`${under}${name}`).state !== null);
    const made = [...this.#things.of(PATHS)].flatMap(([path, state]) =>
      state !== null && path.startsWith(under) ? [path.slice(under.length).split('/')[0] as string] : [],
    );
    return [...new Set([...stay, ...made])];
  }

  /** Say that another file system will be at this folder: what was read there, and below, is of the one before. */
  willRemount(folder: string): void {
    this.#remounted.add(normalPath(folder));
  }

  /** What was read at this path tells nothing: an earlier task mounts, or unmounts, a file system there or above. */
  isRemounted(path: string): boolean {
    if (this.#proves || this.#remounted.size === 0) return false;
    return [normalPath(path), this.behind(path).path].some((key) =>
      [...foldersAbove(key), key].some((folder) => this.#remounted.has(folder)),
    );
  }

  /** Say that a folder will be there before any task is carried out, whoever wants it: that of our records. */
  provides(folder: string): void {
    for (const path of [normalPath(folder), ...foldersAbove(normalPath(folder))]) this.#provided.add(path);
  }

  isProvided(folder: string): boolean {
    return this.#provided.has(folder);
  }

  user(name: string): Foreseen<UserState> {
    return this.slot(USERS, name);
  }

  group(name: string): Foreseen<object> {
    return this.slot(GROUPS, name);
  }

  package(name: string): Foreseen<PackageState> {
    return this.slot(PACKAGES, name);
  }

  /** A unit by any name of it; that of a service may do without `.service`. */
  unit(name: string): Foreseen<UnitState> {
    return this.slot(UNITS, this.#names.unit(name));
  }

  /** Paths, or units, are known by more than one name. */
  get hasOtherNames(): boolean {
    return this.#names.several;
  }

  /** Another number once a name may stand for something else than before. */
  get namesChanged(): number {
    return this.#names.changes;
  }

  /** Say by which name systemd knows a unit: the one given may be an alias. */
  unitIs(name: string, id: string): void {
    this.#names.unitIs(name, id);
  }

  /** Say that a task will run whose effect nobody can foresee: shell, say. */
  expectAnything(): void {
    this.#opaque = true;
  }

  /** Say that a task has something to do, and which folders (or files) get another time by it. */
  expectChange(touched: readonly string[] = []): void {
    this.#changes += 1;
    for (const path of touched) this.#touched.set(normalPath(path), this.#changes);
  }

  /** How many tasks have something to do so far. */
  get moment(): number {
    return this.#changes;
  }

  /**
   * An earlier task, after the moment `since`, gives this folder, or file, another time: what is read of it now tells
   * nothing of others there.
   */
  willTouch(path: string, since = 0): boolean {
    return !this.#proves && (this.#touched.get(normalPath(path)) ?? 0) > since;
  }

  /** Earlier tasks will change something: what looks at the host as a whole may find another one. */
  get willChange(): boolean {
    return this.#changes > 0 && !this.#proves;
  }

  /**
   * Earlier tasks may bring what is missing now: packages that are due, or shell. What needs it is `conditional`, and
   * not wrong.
   */
  get bringsMore(): boolean {
    if (this.#proves) return false;
    return this.#opaque || [...this.#things.of(PACKAGES).values()].some((state) => state !== null);
  }

  /** An earlier task will run whose effect nobody can foresee. */
  get isOpaque(): boolean {
    return this.#opaque && !this.#proves;
  }

  /** A thing of a resource's own. */
  slot<State>(slot: Slot<State>, name: string): Foreseen<State> {
    return this.#things.foreseen(slot, name, this.#proves);
  }

  /** What may be where nobody looked: nothing in a folder that is new by then, unless something brings more. */
  #unread(path: string): PathState | undefined {
    const known = this.#things.of(PATHS);
    const above = foldersAbove(path).findLast((folder) => known.has(folder)) ?? '/';
    const isNew = (known.get(above) as Partial<PathState> | undefined)?.isNew === true;
    return isNew && !this.bringsMore ? undefined : { ...PATHS.bare };
  }

  #isEmptied(path: string): boolean {
    return foldersAbove(path).some((folder) => this.#emptied.has(folder));
  }
}
