import { readFileSync } from 'node:fs';
import { isPlainObject } from '../../dsl/common/plain-object.ts';
import type { Certainty, ChangeKind } from '../../dsl/task.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { isShard } from '../flags/shard.ts';
import { COST } from './digests.ts';
import { FORMAT, type Plan } from './format.ts';

/** Reads a plan; throws exit code 1 for what is none, or not whole, with what was found. */
export function readPlan(file: string): Plan {
  const text = textOf(file);
  let plan: unknown;
  try {
    plan = JSON.parse(text);
  } catch (error) {
    const whole = text.trimEnd().endsWith('}');
    const found =
      text.trim() === ''
        ? 'it is empty'
        : whole
          ? `it is not JSON: ${(error as Error).message}`
          : 'it is cut off, or no JSON';
    throw noPlan(file, found);
  }
  const format = typeof plan === 'object' && plan !== null && 'format' in plan ? plan.format : undefined;
  if (format === undefined) throw noPlan(file, 'it is JSON, and has no "format"');
  if (format !== FORMAT)
    throw noPlan(file, `its format is ${JSON.stringify(format)?.slice(0, 60)}, and ${FORMAT} is wanted`);
  const wrong = firstWrong(plan as Record<string, unknown>, SHAPE);
  if (wrong !== undefined)
    throw noPlan(file, `${wrong} is missing in it, or something else than it should be`);
  return plan as Plan;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new QuorateError(
      missing ? `there is no plan ${file}` : `cannot read the plan ${file}: ${(error as Error).message}`,
      { exitCode: EXIT.usage, hint: '--plan-out FILE writes one' },
    );
  }
}

function noPlan(file: string, found: string): QuorateError {
  return new QuorateError(`${file} is not a plan that can be carried out: ${found}`, {
    exitCode: EXIT.usage,
    hint: 'make it again with --plan-out',
  });
}

type Is = (value: unknown) => boolean;
type Shape = { readonly [name: string]: Is | Shape };

const isText: Is = (value) => typeof value === 'string';
const is =
  (...wanted: readonly unknown[]): Is =>
  (value) =>
    wanted.includes(value);
const isTruth: Is = (value) => typeof value === 'boolean';
const listOf =
  (one: Is): Is =>
  (value) =>
    Array.isArray(value) && value.every(one);
const digests: Is = (value) => isPlainObject(value) && Object.values(value).every(isText);
const orNull =
  (one: Is): Is =>
  (value) =>
    value === null || one(value);
const orMissing =
  (one: Is): Is =>
  (value) =>
    value === undefined || one(value);
const shaped =
  (shape: Shape): Is =>
  (value) =>
    isPlainObject(value) && firstWrong(value, shape) === undefined;

const KINDS: Readonly<Record<ChangeKind, null>> = {
  create: null,
  update: null,
  remove: null,
  start: null,
  stop: null,
  restart: null,
  run: null,
  wait: null,
};
const CERTAINTIES: Readonly<Record<Certainty, null>> = { certain: null, conditional: null, unknown: null };

const CHANGE: Shape = {
  kind: is(...Object.keys(KINDS)),
  property: isText,
  before: orNull(isText),
  after: orNull(isText),
  certainty: is(...Object.keys(CERTAINTIES)),
};

const NAMED: Shape = { play: isText, host: isText };

const SHAPE: Shape = {
  time: isText,
  runId: isText,
  by: isText,
  playbook: isText,
  code: { version: isText, own: isText, files: digests },
  inventory: { files: digests },
  options: {
    inventory: listOf(isText),
    local: isTruth,
    limit: orNull(isText),
    shard: orNull((value) => isPlainObject(value) && isShard({ index: value.index, of: value.of })),
    roles: listOf(isText),
    tags: listOf(isText),
    skipTags: listOf(isText),
    prune: isTruth,
    words: listOf(isText),
    own: isPlainObject,
  },
  // Others would cost whatever the file says: gigabytes, or too little to keep a secret.
  secrets: {
    salt: isText,
    cost: is(COST.cost),
    blockSize: is(COST.blockSize),
    parallelization: is(COST.parallelization),
  },
  hosts: listOf(isText),
  tasks: listOf(
    shaped({
      ...NAMED,
      role: isText,
      task: isText,
      resource: isText,
      by: orMissing(isText),
      wanted: isText,
      observed: isText,
      changes: listOf(shaped(CHANGE)),
    }),
  ),
  steps: listOf(shaped({ ...NAMED, title: isText })),
};

/** The first name, whole, whose value is not as it should be. */
function firstWrong(value: Readonly<Record<string, unknown>>, shape: Shape): string | undefined {
  for (const [name, wanted] of Object.entries(shape)) {
    const found = value[name];
    if (typeof wanted === 'function') {
      if (!wanted(found)) return name;
    } else if (!isPlainObject(found)) return name;
    else {
      const inner = firstWrong(found, wanted);
      if (inner !== undefined) return `${name}.${inner}`;
    }
  }
  return undefined;
}
