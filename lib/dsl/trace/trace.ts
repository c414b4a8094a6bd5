/**
 * Sorts of things that can be left over on a host; of each one it is known how it is taken away. In the order in which
 * they go: what needs others goes before them.
 */
export const KINDS = [
  'unit',
  'port',
  'lines',
  'key',
  'file',
  'link',
  'text',
  'directory',
  'tree',
  'user',
  'group',
  'package',
] as const;

/**
 * Something that a task brings into being on a host, as data: enough to know it again, and to take it away once no role
 * declares it. `text` is a file that edits made, and that others may write to; `lines` are some of a text file, one
 * after the other; `unit` is one of systemd that was started or enabled; `port` is a rule of firewalld or ufw,
 * `443/tcp from any`; `key` lets somebody log in, by user and fingerprint;
 * `tree` is a folder that was filled whole, from an archive or a repository.
 */
export interface Trace {
  readonly kind: (typeof KINDS)[number];
  /** A path; for others the name; of a key `ann SHA256:…`. */
  readonly name: string;
  /** SHA-256 of a file, of lines with their ends, or of the options of a key; of a link what it leads to, of a port its zone of firewalld. None where only the run can know. */
  readonly digest?: string;
  /** For lines: how many they are, and the digest of the first one. */
  readonly count?: number;
  readonly first?: string;
  /** It was there before; only its content is ours. */
  readonly there?: true;
  /** Made on the way to something else, where it is not there yet: the host sees to that. */
  readonly implied?: true;
}

/** A trace as the records of a host have it. */
export interface Made extends Omit<Trace, 'digest' | 'implied'> {
  readonly role: string;
  /** See `Maker`; none in records of earlier releases, and of a project without a name. */
  readonly by?: string;
  /** The sources of the inventory that it was made from, see `Sources`. */
  readonly inventory?: readonly string[];
  /** As made, the newest first; the ones before are kept for a run that is killed before it gets there. */
  readonly digests: readonly string[];
}
