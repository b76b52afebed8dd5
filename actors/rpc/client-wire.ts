/** How requests of a client reach a node. */
export type RpcWire = {
  /**
   * @param text one request, numbered `id`
   * @param hear gets the answer before anything that comes after it
   * @returns what was answered
   * @throws (rejects) {RpcUnreachable} {RpcRefused} {NotJsonRpc} {RpcClosed}, or the signal's reason
   */
  request(id: number, text: string, signal: AbortSignal, hear?: (reply: Reply) => void): Promise<Reply>
  /** Resolves when it is over, from either side; never for a wire that has no connection of its own. */
  readonly closed: Promise<void>
  close(): void
}

/** JSON, as it came. */
export type Reply = { readonly result?: unknown; readonly error?: unknown }

/** @returns what JSON says; undefined where it is none, or nests deeper than anybody who prints it can follow */
export function parseAnswer(text: string): unknown {
  let depth = 0
  let isInText = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) isInText = !isInText
    else if (code === backslash) at += 1
    else if (isInText) continue
    else if (code === bracket || code === brace) {
      if (++depth > deepest) return undefined
    } else if (code === bracket + 2 || code === brace + 2) depth -= 1
  }
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const [quote, backslash, bracket, brace] = [0x22, 0x5c, 0x5b, 0x7b]
/** A trace of 1,024 calls in one another is as deep. */
const deepest = 2_500

/** Bytes of one answer; a longer one ends the connection. */
export const maxAnswer = 256 << 20
