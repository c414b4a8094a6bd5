/** Content that only a run can know, because `produce` makes it (on control, never in a check). */
export class LaterContent {
  value: string | undefined;
  readonly produce: () => Promise<string>;

  constructor(produce: () => Promise<string>) {
    this.produce = produce;
  }
}
