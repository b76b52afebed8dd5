import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'

/** A client of our own over WebSocket or IPC: texts in, texts out, nothing else. */
export type TextClient = {
  send(text: string): void
  /** The next text that came, undefined when it was hung up on. */
  next(): Promise<string | undefined>
  /** Resolves when the connection has ended. */
  readonly closed: Promise<unknown>
  close(): void
}

export async function wsClient(
  url: string,
  headers: Record<string, string> = {},
): Promise<TextClient & { ws: WebSocket }> {
  const ws = new WebSocket(url, { headers })
  const inbox = new Inbox()
  ws.on('message', (message) => inbox.push(String(message)))
  ws.on('close', () => inbox.end())
  await once(ws, 'open')
  ws.on('error', () => {})
  return {
    ws,
    send: (text) => ws.send(text),
    next: () => inbox.next(),
    closed: once(ws, 'close'),
    close: () => ws.close(),
  }
}

export async function ipcClient(path: string): Promise<TextClient & { socket: Socket }> {
  const socket = connect(path)
  const inbox = new Inbox()
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) inbox.push(line)
  })
  socket.on('close', () => inbox.end())
  await once(socket, 'connect')
  socket.on('error', () => {})
  return {
    socket,
    send: (text) => socket.write(text),
    next: () => inbox.next(),
    closed: once(socket, 'close'),
    close: () => socket.destroy(),
  }
}

class Inbox {
  /** BOUNDED: by the spec. */
  readonly #texts: string[] = []
  #isOver = false
  #wake: () => void = () => {}

  push(text: string): void {
    this.#texts.push(text)
    this.#wake()
  }

  end(): void {
    this.#isOver = true
    this.#wake()
  }

  async next(): Promise<string | undefined> {
    while (this.#texts.length === 0 && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    return this.#texts.shift()
  }
}
