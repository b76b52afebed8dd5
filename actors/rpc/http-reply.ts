import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip, gzipSync } from 'node:zlib'
import type { Steps } from '../runtime/time-slicer.ts'
import { PrintedJson } from './json/print.ts'

/** An answer over HTTP. Headers are names and values in turn, as they are written. */
export type Reply = {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string | PrintedJson
}

export const json = (body: Reply['body'], added: readonly string[]): Reply => ({
  status: 200,
  headers: ['Content-Type', 'application/json', ...added],
  body,
})

/** As Go's http.Error writes it. */
export const refusal = (status: number, message: string, added: readonly string[] = []): Reply => ({
  status,
  headers: ['Content-Type', 'text/plain; charset=utf-8', ...added, 'X-Content-Type-Options', 'nosniff'],
  body: `${message}\n`,
})

export const empty = (status: number, headers: readonly string[] = []): Reply => ({ status, headers, body: '' })

/** Writes `reply`, compressed where it was asked for and `mayCompress`, in parts by `run` where it has any. Done when it was handed to the system, or cannot be. */
export async function send(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: Reply,
  mayCompress: boolean,
  run: (steps: Steps<void>) => Promise<void>,
): Promise<void> {
  if (!mayCompress || !req.headers['accept-encoding']?.includes('gzip')) {
    if (body instanceof PrintedJson) return run(writeParts(res, status, headers, body))
    return write(res, status, headers, body)
  }
  const text = body instanceof PrintedJson ? body.text : body
  // A thread of its own costs more than a small answer.
  const packed = text.length < 16_384 ? gzipSync(text) : await compress(text)
  write(res, status, ['Content-Encoding', 'gzip', ...headers], packed)
}

const compress = promisify(gzip)

function write(res: ServerResponse, status: number, headers: readonly string[], body: string | Buffer): void {
  writeHead(res, status, headers, Buffer.byteLength(body))
  res.end(body)
}

/** Others have their turn between two parts; a client that has left meanwhile is left alone. */
function* writeParts(
  res: ServerResponse,
  status: number,
  headers: readonly string[],
  { parts }: PrintedJson,
): Steps<void> {
  let length = 0
  for (const part of parts) {
    length += Buffer.byteLength(part)
    yield
  }
  writeHead(res, status, headers, length)
  for (const part of parts) {
    res.write(part)
    yield
  }
  res.end()
}

function writeHead(res: ServerResponse, status: number, headers: readonly string[], length: number): void {
  if (res.shouldKeepAlive) res.removeHeader('Connection') // it is what HTTP/1.1 does, said or not
  res.writeHead(status, [...headers, 'Content-Length', `${length}`])
}
