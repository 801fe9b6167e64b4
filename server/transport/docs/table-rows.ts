/**
 * The rows of a table of protocol/, in its order, under the names that its type gives them.
 *
 * `Object.entries` forgets the names, because an object may hold more than its type says. A table
 * is written where its type comes from, so it holds exactly those.
 */
export function tableRows<Name extends string, Row>(
  table: Readonly<Record<Name, Row>>,
): [Name, Row][] {
  return Object.entries(table) as [Name, Row][];
}
