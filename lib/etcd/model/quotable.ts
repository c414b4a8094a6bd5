/** Whether an environment file can hold it: between quotes of a kind that it does not have, and taken literally there. */
export function isQuotable(text: string): boolean {
  return !(text.includes('"') && text.includes("'"));
}
