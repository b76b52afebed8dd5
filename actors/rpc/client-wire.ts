/** How requests of a client reach a node. */
export type RpcWire = {
  /**
   * @param text one request, numbered `id`
   * @param hear is told the answer before anything that comes after it
   * @returns what was answered
   * @throws (rejects) {RpcUnreachable} {RpcRefused} {NotJsonRpc} {RpcClosed}, or the signal's reason
   */
  request(id: number, text: string, signal: AbortSignal, hear?: (reply: Reply) => void): Promise<Reply>
  /** Resolves when it is over, whoever ended it; never for a wire that has no connection of its own. */
  readonly closed: Promise<void>
  close(): void
}

/** JSON, as it came. */
export type Reply = { readonly result?: unknown; readonly error?: unknown }

/** Bytes of one answer; whoever says more is cut off. */
export const maxAnswer = 256 << 20
