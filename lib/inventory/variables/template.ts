import { EXIT, QuorateError } from '../../errors.ts';
import type { Templar, TemplateWorld } from '../jinja/templar.ts';
import type { Variable } from './value.ts';

/**
 * Evaluates Jinja as Ansible does, from an inventory's variables alone: no file is read, no program run. What reads Jinja
 * is loaded when the first value is asked for.
 */
export class Templates {
  readonly #world: TemplateWorld;
  #templar: Templar | undefined;
  readonly #opened = new Map<string, string>();

  constructor(world: TemplateWorld) {
    this.#world = world;
  }

  /**
   * The value of a host's variable: templates evaluated, vaults opened; undefined for what says `omit`. `exact` keeps
   * each `Numeral` as it is. Throws exit code 1, at the variable whose template cannot be evaluated.
   */
  evaluate(host: string, variable: Variable, exact = false): Promise<unknown> {
    return this.#run(host, variable, (templar) => templar.evaluate(host, variable, exact));
  }

  /** The exact value of a bare expression (`role == 'web'`) for a host; `variable` names it in errors. */
  expression(host: string, variable: Variable & { readonly value: string }): Promise<unknown> {
    return this.#run(host, variable, (templar) => templar.expression(host, variable, variable.value));
  }

  /** Templates are evaluated in one go; a vault that is met is opened first, and then they start anew. */
  async #run<T>(host: string, variable: Variable, work: (templar: Templar) => T): Promise<T> {
    const { Templar, Sealed, TemplateError } = await import('../jinja/templar.ts');
    this.#templar ??= new Templar(this.#world, (armoured) => this.#opened.get(armoured));
    for (;;) {
      try {
        return work(this.#templar);
      } catch (error) {
        if (error instanceof TemplateError) throw refusal(host, variable, error);
        if (!(error instanceof Sealed)) throw error;
        const { armoured, position } = error.vaulted;
        this.#opened.set(armoured, await this.#world.openVault(armoured, position ?? variable.position));
      }
    }
  }
}

interface Failure {
  readonly message: string;
  readonly missing: boolean;
  readonly trail: readonly { readonly host: string; readonly variable: Variable; readonly path: string }[];
}

function refusal(host: string, variable: Variable, { message, missing, trail }: Failure): QuorateError {
  const failed = trail.at(-1)?.variable ?? variable;
  const asked = trail[0]?.path ?? variable.name;
  const named = ({ host: of, path }: Failure['trail'][number]) => (of === host ? path : `${path} of ${of}`);
  const others = trail.slice(1).map(named).join(', which needs ');
  const through = others === '' ? '' : `, which needs ${others}`;
  const place = failed.position ?? variable.position;
  return new QuorateError(`cannot evaluate ${asked} of ${host}${through}: ${message}`, {
    exitCode: EXIT.usage,
    ...(place && { position: place }),
    hint: !missing
      ? 'write the value out, or set the variable with -e'
      : FACT.test(message)
        ? 'no facts are gathered for an inventory: write the value out, or take a variable of the host, as in {{ ansible_host }}'
        : "set it for this host, or give it a default: {{ … | default('…') }}",
  });
}

/** What Ansible finds out about hosts before it evaluates a template. */
const FACT =
  /\b(ansible_facts|ansible_(default_ipv[46]|all_ipv[46]_addresses|hostname|fqdn|nodename|domain|interfaces|eth\d\w*|en[opsx]\w+|os_family|distribution\w*|lsb|architecture|machine|kernel\w*|processor\w*|mem\w+_mb|date_time|service_mgr|pkg_mgr|env|mounts|devices))\b/;
