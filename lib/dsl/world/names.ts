import { type Behind, behindLinks, linkState } from './behind-links.ts';
import type { PathState } from './foreseen.ts';
import { foldersAbove, isBelow, normalPath } from './normal-path.ts';

/** A link, where it leads to, and which user owns it or one behind it: what is there is not that user's. */
export interface StrangersLink {
  readonly path: string;
  readonly to: string;
  readonly by: string;
}

type Known = Partial<PathState> | null | undefined;

/** What has several names on a host: paths behind links, units by aliases. */
export class Names {
  /** Links that were found on the host, by where their paths are behind other ones. */
  readonly #links: Map<string, ReturnType<typeof linkState>>;
  /** Names of units by which systemd knows them, by other names of theirs. */
  readonly #units: Map<string, string>;
  /** Tells what tasks make of a path, which may be another link or none. */
  readonly #foreseen: (path: string) => Known;
  /** Links of the host that lead to what is not their owner's, by their paths. */
  readonly #strangers: Map<string, StrangersLink>;
  #hasLinks: boolean;
  #changes = 0;

  constructor(foreseen: (path: string) => Known, from?: Names) {
    this.#foreseen = foreseen;
    this.#links = new Map(from ? from.#links : []);
    this.#units = new Map(from ? from.#units : []);
    this.#strangers = new Map(from ? from.#strangers : []);
    this.#hasLinks = from ? from.#hasLinks : false;
  }

  /** Another number once a name may stand for something else. */
  get changes(): number {
    return this.#changes;
  }

  /** Paths, or units, are known by more than one name. */
  get several(): boolean {
    return this.#links.size > 0 || this.#units.size > 0;
  }

  behind(path: string): Behind {
    return this.#hasLinks
      ? behindLinks(normalPath(path), (folder) => this.#linkAt(folder))
      : { path: normalPath(path), isRead: true };
  }

  #linkAt(folder: string): Known {
    const known = this.#foreseen(folder);
    const link = this.#links.get(folder);
    return link === undefined || known === null || known?.type ? known : link;
  }

  hasLink(path: string, to: string, by?: string): void {
    if (by === undefined) this.#strangers.delete(path);
    else this.#strangers.set(path, { path, to, by });
    const { path: at, isRead } = this.behind(path);
    if (!isRead || this.#links.get(at)?.to === linkState(at, to, false).to) return;
    this.#links.set(at, linkState(at, to, false));
    this.#hasLinks = true;
    this.#changes += 1;
  }

  /** The first of them on the way to a path, but for those that tasks make something else of. */
  strangersLink(path: string): StrangersLink | undefined {
    if (this.#strangers.size === 0) return undefined;
    const links = foldersAbove(path).flatMap((folder) => this.#strangers.get(folder) ?? []);
    return links.find((link) => this.#foreseen(link.path) === undefined);
  }

  hasNoLink(path: string): void {
    this.#strangers.delete(path);
    if (this.#links.delete(this.behind(path).path)) this.#changes += 1;
  }

  /** A task makes something else of a path, a link where it leads `to` somewhere. */
  pathChanges(path: string, to?: string): void {
    this.#hasLinks ||= to !== undefined;
    const isAbout = (link: string) => link === path || isBelow(link, path);
    if (to !== undefined || this.#foreseen(path)?.to !== undefined || [...this.#links.keys()].some(isAbout))
      this.#changes += 1;
  }

  unitIs(name: string, id: string): void {
    const [alias, own] = [name, id].map((one) => one.replace(/\.service$/, ''));
    if (alias === undefined || own === undefined || alias === own || this.#units.get(alias) === own) return;
    this.#units.set(alias, own);
    this.#changes += 1;
  }

  unit(name: string): string {
    const short = name.replace(/\.service$/, '');
    return this.#units.get(short) ?? short;
  }

  thing(thing: string): string {
    const [, kind = '', name = ''] = /^(path|tree|lines|unit) (.+)$/s.exec(thing) ?? [];
    if (kind === 'unit') return `unit ${this.unit(name)}`;
    return kind === '' ? thing : `${kind} ${this.behind(name).path}`;
  }
}
