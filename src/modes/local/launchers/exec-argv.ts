/** Node's own arguments for instances. Pure, apart from the address of the preload. */
import { preloadFile } from '../../../package-files.js'

/** Arguments that are followed by the manager's program text itself. */
const programText: ReadonlySet<string> = new Set(['-e', '--eval', '-p', '--print', '-pe'])

/**
 * What an instance inherits of the manager's arguments: all but the program text of `node -e`, as
 * `child_process.fork` does it, and `--input-type`, which Node refuses together with a file.
 */
export function inheritable(managerArgv: readonly string[]): string[] {
  return managerArgv.filter((argument, index) => {
    const isText = programText.has(managerArgv[index - 1] ?? '')
    return !isText && !programText.has(argument) && !argument.startsWith('--input-type')
  })
}

/** The preload in front of the user's own arguments, or of the manager's where none are given. */
export function withPreload(
  given: readonly string[] | undefined,
  managerArgv: readonly string[],
): string[] {
  return ['--require', preloadFile, ...(given ?? inheritable(managerArgv))]
}
