/**
 * What the server sends, as the contract says it is.
 *
 * The one place where the client trusts instead of parsing: the server has checked each value when
 * it came in, and to parse every fact again would cost a phone more than to show it.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the type
export function atItsWord<T>(data: unknown): T {
  return data as T;
}
