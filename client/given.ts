/** Those of the fields that are given. `{ limit: undefined }` is not the same as no limit. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- entries lose the key's type
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
