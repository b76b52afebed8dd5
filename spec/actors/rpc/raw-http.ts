import { once } from 'node:events'
import { connect } from 'node:net'

export type RawReply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Sends bytes as they are to a port of 127.0.0.1. @returns all that comes back until the server closes, or `isEnough` of it */
export async function sendRaw(
  port: number,
  bytes: string | Uint8Array,
  isEnough: (received: Buffer) => boolean = () => false,
): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1')
  let received = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    if (isEnough(received)) socket.destroy()
  })
  socket.write(bytes)
  await once(socket, 'close')
  return received
}

/** One request, and its whole answer. */
export async function exchange(port: number, request: string | Uint8Array): Promise<RawReply> {
  const received = await sendRaw(port, request, isWhole)
  const end = received.indexOf('\r\n\r\n')
  const [head, body] = [received.subarray(0, end).toString(), received.subarray(end + 4)]
  const [line, ...fields] = head.split('\r\n')
  const pairs = fields.map((field) => [
    field.slice(0, field.indexOf(':')).toLowerCase(),
    field.slice(field.indexOf(':') + 2),
  ])
  const headers: Record<string, string> = {}
  for (const [name, value] of pairs) headers[name!] = name! in headers ? `${headers[name!]}, ${value}` : value!
  return { status: Number(line!.split(' ')[1]), headers, body }
}

function isWhole(received: Buffer): boolean {
  const end = received.indexOf('\r\n\r\n')
  const length = /^content-length: (\d+)\r?$/im.exec(received.subarray(0, end).toString())?.[1]
  return end !== -1 && length !== undefined && received.length >= end + 4 + Number(length)
}

export type HttpRequest = {
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** The bytes of a request, JSON over POST where nothing else is said. */
export function httpRequest({
  method = 'POST',
  path = '/',
  host = '127.0.0.1',
  type = 'application/json',
  headers = {},
  body,
}: HttpRequest): string {
  const all: Record<string, string> = {
    host,
    ...(type !== '' && { 'content-type': type }),
    ...headers,
    ...(body !== undefined && { 'content-length': `${Buffer.byteLength(body)}` }),
  }
  const fields = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${fields.join('')}\r\n${body ?? ''}`
}
