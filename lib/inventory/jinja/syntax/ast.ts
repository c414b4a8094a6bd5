import type { Long } from '../../variables/value.ts';

/** An expression of Jinja. */
export type Expression =
  | {
      readonly kind: 'literal';
      readonly value: null | boolean | number | Long | string;
      readonly float?: boolean;
    }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly items: readonly (readonly [key: Expression, value: Expression])[] }
  | { readonly kind: 'item'; readonly of: Expression; readonly key: Expression; readonly dotted: boolean }
  | { readonly kind: 'slice'; readonly of: Expression; readonly bounds: readonly (Expression | undefined)[] }
  | { readonly kind: 'call'; readonly of: Expression; readonly args: Arguments }
  | { readonly kind: 'filter'; readonly of: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: 'test'; readonly of: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: 'unary'; readonly operator: 'not' | '-' | '+'; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'compare';
      readonly first: Expression;
      readonly others: readonly (readonly [operator: string, operand: Expression])[];
    }
  | {
      readonly kind: 'if';
      readonly test: Expression;
      readonly value: Expression;
      readonly otherwise: Expression | undefined;
    };

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [name: string, value: Expression])[];
  /** `*items` and `**named`. */
  readonly spread?: readonly (readonly [kind: '*' | '**', value: Expression])[];
}

/** What a name, several names, or an attribute of a namespace is set to. */
export type Target =
  | { readonly kind: 'names'; readonly names: readonly string[]; readonly one: boolean }
  | { readonly kind: 'attribute'; readonly name: string; readonly attribute: string };

/** A piece of a template. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'output'; readonly of: Expression }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Node[] }
  | {
      readonly kind: 'for';
      readonly target: Target;
      readonly of: Expression;
      readonly only: Expression | undefined;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
      /** `loop(items)` in it goes through other items in the same way. */
      readonly recursive: boolean;
    }
  | { readonly kind: 'set'; readonly target: Target; readonly value: Expression | readonly Node[] }
  | {
      readonly kind: 'with';
      readonly values: readonly (readonly [Target, Expression])[];
      readonly body: readonly Node[];
    }
  | {
      readonly kind: 'macro';
      readonly name: string;
      readonly parameters: readonly (readonly [name: string, usual: Expression | undefined])[];
      readonly body: readonly Node[];
    }
  | {
      readonly kind: 'filter';
      readonly name: string;
      readonly args: Arguments;
      readonly body: readonly Node[];
    };

export interface Branch {
  readonly test: Expression;
  readonly body: readonly Node[];
}
