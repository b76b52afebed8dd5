import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip, gzipSync } from 'node:zlib'

/** An answer over HTTP. Headers are names and values in turn, as they are written. */
export type Reply = { readonly status: number; readonly headers: readonly string[]; readonly body: string }

export const json = (body: string, added: readonly string[]): Reply => ({
  status: 200,
  headers: ['Content-Type', 'application/json', ...added],
  body,
})

/** As Go's http.Error words it. */
export const refusal = (status: number, message: string, added: readonly string[] = []): Reply => ({
  status,
  headers: ['Content-Type', 'text/plain; charset=utf-8', ...added, 'X-Content-Type-Options', 'nosniff'],
  body: `${message}\n`,
})

export const empty = (status: number, headers: readonly string[] = []): Reply => ({ status, headers, body: '' })

/** Writes `reply`, compressed where it was asked for and `mayCompress`. Done when it was handed to the system, or cannot be. */
export async function send(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: Reply,
  mayCompress: boolean,
): Promise<void> {
  if (!mayCompress || !req.headers['accept-encoding']?.includes('gzip')) return write(res, status, headers, body)
  // A thread of its own costs more than a small answer.
  const packed = body.length < 16_384 ? gzipSync(body) : await compress(body)
  write(res, status, ['Content-Encoding', 'gzip', ...headers], packed)
}

const compress = promisify(gzip)

function write(res: ServerResponse, status: number, headers: readonly string[], body: string | Buffer): void {
  if (res.shouldKeepAlive) res.removeHeader('Connection') // it is what HTTP/1.1 does, said or not
  res.writeHead(status, [...headers, 'Content-Length', `${Buffer.byteLength(body)}`])
  res.end(body)
}
