/** The inspector cannot listen on its port. */
export class InspectorFailed extends Error {
  override readonly name = 'InspectorFailed'
  constructor(port: number, cause: Error & { readonly code?: string }) {
    const why = cause.code === 'EADDRINUSE' ? 'address already in use' : cause.message
    super(`inspector: listen tcp 127.0.0.1:${port}: ${why}`, { cause })
  }
}
