import { RpcTargetError } from './client-errors.ts'

/** Where a node is asked. */
export type RpcTarget = {
  readonly transport: 'http' | 'ws' | 'ipc'
  /** A URL without user and password, or a path. */
  readonly address: string
  /** As it may be shown. */
  readonly name: string
  /** The header that a URL's user and password stand for (RFC 7617). */
  readonly authorization?: string
}

/**
 * @param target `http://…`, `https://…`, `ws://…`, `wss://…`, or the path of a socket
 * @throws {RpcTargetError}
 */
export function parseTarget(target: string): RpcTarget {
  const [, scheme] = /^([a-z]+):\/\//i.exec(target) ?? []
  if (scheme === undefined) {
    if (target === '' || isHost.test(target)) throw new RpcTargetError(withoutUser(target))
    return { transport: 'ipc', address: target, name: target }
  }
  if (!/^(https?|wss?)$/i.test(scheme) || !URL.canParse(target)) throw new RpcTargetError(withoutUser(target))
  const { username, password } = new URL(target)
  const hasUser = username !== '' || password !== ''
  const address = hasUser ? target.replace(/\/\/[^/?#\\]*@/, '//') : target
  return {
    ...{ transport: /^http/i.test(scheme) ? 'http' : 'ws', address, name: withoutUser(address) },
    ...(hasUser && { authorization: basic(username, password) }),
  }
}

/** `host:port` and `user:password@host` are no paths. */
const isHost = /^(?:[\w.-]+:\d+|[^/@\s]*:[^/]*@)/

/** A password may be anywhere before an @, when it is not written as a URL wants it. */
const withoutUser = (text: string) => text.replace(/^([a-z]+:\/\/)?.*@/is, '$1…@')

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${decoded(user)}:${decoded(password)}`).toString('base64')}`

/** A % that encodes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
