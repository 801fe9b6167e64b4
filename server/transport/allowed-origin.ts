/** Whether a browser page of this origin may use Eddy; an empty list allows every one. */
export function isAllowed(origin: string, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.includes(origin);
}
