/** Where in the options a check stands, and where it leaves the faults it finds. */
import { type ErrorCode, MachinesError } from '../errors.js'
import { describe, describeHidden } from './describe.js'
import { onlyGiven } from './only-given.js'
import type { OptionsEnvironment } from './options-environment.js'

/** Facts of one fault; `given` is already in words that may be shown. */
export interface FaultFacts {
  readonly given?: string
  readonly allowed?: string
}

const wholePath = 'options'

export class Place {
  /** Path of the option, as `machines.points[1].host`; of the options as a whole: `options`. */
  readonly path: string
  readonly environment: OptionsEnvironment
  readonly #faults: MachinesError[]

  private constructor(path: string, above: Place | OptionsEnvironment) {
    this.path = path
    this.environment = above instanceof Place ? above.environment : above
    this.#faults = above instanceof Place ? above.#faults : []
  }

  /** The place of a whole options object. Members of `options` are named without it. */
  static root(environment: OptionsEnvironment, path: string = wholePath): Place {
    return new Place(path, environment)
  }

  /** The place of a member of the object, or of an entry of the array, that stands here. */
  child(key: string | number): Place {
    if (typeof key === 'number') return new Place(`${this.path}[${key}]`, this)
    const name = /^[\w$-]{1,60}$/.test(key) ? key : `[${describe(key)}]`
    if (this.path === wholePath) return new Place(name, this)
    return new Place(name.startsWith('[') ? this.path + name : `${this.path}.${name}`, this)
  }

  /** Faults found so far, anywhere in the options. */
  get faults(): readonly MachinesError[] {
    return this.#faults
  }

  /** Adds a fault that says `sentence` about this place. Returns what a failed check returns. */
  fault(code: ErrorCode, sentence: string, facts: FaultFacts = {}): undefined {
    const message = `${this.path}: ${sentence}`
    this.add(new MachinesError(code, message, { path: this.path, ...facts }))
  }

  /** Adds the most common fault: something else was expected. */
  expected(code: ErrorCode, allowed: string, given: unknown, hint = ''): undefined {
    this.#expected(code, allowed, describe(given), hint)
  }

  /** The same for a value that must not be shown. */
  expectedHidden(code: ErrorCode, allowed: string, given: unknown): undefined {
    this.#expected(code, allowed, describeHidden(given), '')
  }

  #expected(code: ErrorCode, allowed: string, given: string, hint: string): void {
    this.fault(code, `expected ${allowed}, got ${given}${hint}`, { given, allowed })
  }

  add(fault: MachinesError): void {
    this.#faults.push(fault)
  }

  /**
   * One error for all faults, if there were any: the first one, whose `failures` hold them all and
   * whose message says how many more there are.
   */
  summary(): MachinesError | undefined {
    const [first, ...others] = this.#faults
    if (first === undefined || others.length === 0) return first
    const more = others.length === 1 ? '1 more fault' : `${others.length} more faults`
    const { code, path = this.path, given, allowed } = first
    return new MachinesError(code, `${first.message} (and ${more}: see error.failures)`, {
      path,
      ...onlyGiven({ given, allowed }),
      failures: [...this.#faults],
    })
  }
}
