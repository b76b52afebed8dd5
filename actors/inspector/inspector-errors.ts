/** The inspector cannot listen on its port. */
export class InspectorFailed extends Error {
  override readonly name = 'InspectorFailed'
  constructor(port: number, cause: Error & { readonly code?: string }) {
    const why = cause.code === 'EADDRINUSE' ? 'address already in use' : cause.message
    super(`inspector: listen tcp 127.0.0.1:${port}: ${why}`, { cause })
  }
}

/** There is no inspector at an address, or it does not answer. */
export class InspectorUnreachable extends Error {
  override readonly name = 'InspectorUnreachable'
  constructor(address: string, why: string) {
    super(`inspector at ${address}: ${why}`)
  }
}
