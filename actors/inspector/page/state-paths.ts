/**
 * The states that are active, by path, outermost first, of a state as it is printed.
 *
 * @param state `running.(keepalive.quiet writing.flowing)`
 * @returns `running`, `running.keepalive`, `running.keepalive.quiet`, …
 */
export function statePaths(state: string): string[] {
  const paths: string[] = []
  /** Where each open bracket began. BOUNDED: by the depth of a chart. */
  const outer: string[] = []
  let path = ''
  for (const [token] of state.matchAll(/[^.\s()]+|[()\s]/g)) {
    if (token === '(') outer.push(path)
    else if (token === ')') path = outer.pop() ?? ''
    else if (token === ' ') path = outer.at(-1) ?? ''
    else {
      path = path === '' ? token : `${path}.${token}`
      paths.push(path)
    }
  }
  return paths
}
