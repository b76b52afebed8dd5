/** @returns the connection that a session is on, by its name: `peer/7` of `peer/7/eth`; what has no such name has none */
export function connectionOf(actor: string): string | undefined {
  const end = actor.lastIndexOf('/')
  return end < 0 ? undefined : actor.slice(0, end)
}
