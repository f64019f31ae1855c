/** Puts bugs into classes, to see whether a simulation finds them, and takes them out again. */

type Method = (...args: readonly unknown[]) => unknown

const undo: (() => void)[] = []

/** Puts another method in place of one of a class; `make` gets the instance and the right method. */
export function plant<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  make: (self: Owner, right: Owner[Name]) => Owner[Name],
): void {
  const right = owner[name] as Method
  const wrong = function (this: Owner, ...args: readonly unknown[]): unknown {
    const method = make(this, right.bind(this) as Owner[Name]) as Method
    return method(...args)
  }
  owner[name] = wrong as Owner[Name]
  undo.push(() => {
    owner[name] = right as Owner[Name]
  })
}

/** The same for a getter. */
export function plantGetter<Owner extends object, Name extends keyof Owner & string>(
  owner: Owner,
  name: Name,
  value: Owner[Name],
): void {
  const right = Object.getOwnPropertyDescriptor(owner, name)
  if (right === undefined) throw new Error(`there is no ${name}`)
  Object.defineProperty(owner, name, { ...right, get: () => value })
  undo.push(() => {
    Object.defineProperty(owner, name, right)
  })
}

/** After each test. */
export function uproot(): void {
  for (const restore of undo.splice(0).toReversed()) restore()
}
