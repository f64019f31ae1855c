export type OnlyGiven<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** An object without the members that are `undefined`, so that other settings stand. */
export function onlyGiven<T extends object>(given: T): OnlyGiven<T> {
  const entries: unknown[][] = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries)
}
