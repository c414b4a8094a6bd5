import { EXIT, QuorateError } from '../../errors.ts';

/** Room on the disk that a folder is on. */
export interface Room {
  readonly freeKiB: number;
  readonly readOnly: boolean;
}

/** Status codes of the protocol (draft-ietf-secsh-filexfer-02, section 7). */
const STATUS = { missing: 2, denied: 3, failure: 4 } as const;

/** KiB below which a disk counts as full: a server keeps some for itself. */
const FULL_KIB = 1024;

/** A request that failed, before anybody is told. */
export class SftpFailure extends Error {
  readonly #doing: string;
  readonly #code: unknown;
  readonly #silent: boolean;
  readonly #home: string | undefined;

  constructor(doing: string, cause: Error, silent?: 'silent', home?: string) {
    super(cause.message, { cause });
    this.#doing = doing;
    this.#code = (cause as { readonly code?: unknown }).code;
    this.#silent = silent !== undefined;
    this.#home = home;
  }

  static isMissing(error: Error): boolean {
    return (error as { readonly code?: unknown }).code === STATUS.missing;
  }

  /** The code tells nothing: a full disk, one that is read-only, a quota. */
  get isVague(): boolean {
    return this.#code === STATUS.failure;
  }

  /** The same, of a login that begins in `home`: a chroot may hide the folder that was meant. */
  seenFrom(home: string | undefined): SftpFailure {
    return new SftpFailure(this.#doing, this.cause as Error, this.#silent ? 'silent' : undefined, home);
  }

  /** @param lost Why the connection is gone, where it is. */
  told(name: string, lost: string | undefined, room: Room | undefined): QuorateError {
    const why = [lost ?? this.message, foundText(room)].filter(Boolean).join(': ');
    const away = this.#silent || lost !== undefined;
    return new QuorateError(`${name}: ${this.#doing} failed: ${why}`, {
      exitCode: away ? EXIT.unreachable : EXIT.failed,
      hint: away
        ? 'see what that server waits for (its disk, its load, the line to it), and run again'
        : this.#hint(room),
    });
  }

  #hint(room: Room | undefined): string {
    if (room?.readOnly) return 'mount it for writing there, or name a folder on another disk';
    if (room && room.freeKiB < FULL_KIB) return 'make room there, or name a folder on a larger disk';
    if (this.#home !== undefined)
      return `this login begins in ${this.#home}, and may see no more than that: a folder below it is written /~/folder`;
    if (this.#code === STATUS.denied)
      return 'let this login write there, or name a folder that it may write to';
    return 'may this login write there, and has it room (disk, quota)?';
  }
}

function foundText(room: Room | undefined): string {
  if (room === undefined) return '';
  return room.readOnly ? 'its disk is mounted read-only' : `its disk has ${room.freeKiB} KiB free`;
}
