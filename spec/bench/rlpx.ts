import { randomBytes } from 'node:crypto'
import type { Protocol, Session } from '../../actors/p2p/protocol.ts'
import { measureHandshakes as ethereumjsHandshakes, measureMessages as ethereumjsMessages } from './ethereumjs.ts'
import { createEnd, dial, listen } from './loopback.ts'

export type RlpxResult = Record<
  'handshake' | 'msg32' | 'msg1k' | 'msg64k',
  { ours: number; ethereumjs: number; ratio: number }
>

const sizes = { msg32: 32, msg1k: 1024, msg64k: 65_536 } as const

/** Handshakes and messages a second over loopback TCP, both ends in this process, against @ethereumjs/devp2p. */
export async function benchRlpx(seconds: number, report: (line: string) => void): Promise<RlpxResult> {
  const result: Partial<RlpxResult> = {}
  const pair = async (name: keyof RlpxResult, ours: () => Promise<number>, theirs: () => Promise<number>) => {
    // Once to get warm, which WebAssembly takes seconds for; then in turns: a machine that slows down slows both.
    await ours()
    await theirs()
    const [a, b] = [await ours(), await theirs()]
    const [c, d] = [await ours(), await theirs()]
    const [mine, other] = [Math.max(a, c), Math.max(b, d)]
    result[name] = { ours: round(mine), ethereumjs: round(other), ratio: round(mine / other) }
    report(`${name.padEnd(10)} ${round(mine)}/s, @ethereumjs/devp2p ${round(other)}/s, ratio ${round(mine / other)}`)
  }
  await pair(
    'handshake',
    () => measureHandshakes(seconds),
    () => ethereumjsHandshakes(seconds, width),
  )
  for (const [name, size] of Object.entries(sizes) as [keyof typeof sizes, number][]) {
    const payload = new Uint8Array(randomBytes(size))
    await pair(
      name,
      () => measureMessages(payload, seconds),
      () => ethereumjsMessages(payload, seconds),
    )
  }
  return result as RlpxResult
}

async function measureHandshakes(seconds: number): Promise<number> {
  const protocol: Protocol = { name: 'bench', version: 1, length: 1, run: () => ({ message() {}, closed() {} }) }
  const [server, client] = [createEnd('server', [protocol]), createEnd('client', [protocol])]
  const listener = await listen(server)
  const start = performance.now()
  let count = 0
  const dialOn = async () => {
    for (; performance.now() - start < seconds * 1000; count++)
      (await dial(client, server, listener.port)).disconnect(0)
  }
  await Promise.all(Array.from({ length: width }, dialOn))
  const rate = (count * 1000) / (performance.now() - start)
  await listener.close()
  return rate
}

/** One side sends as fast as the other takes. */
async function measureMessages(payload: Uint8Array, seconds: number): Promise<number> {
  let received = 0
  let session: Session | undefined
  let writable = () => {}
  const sink: Protocol = {
    name: 'bench',
    version: 1,
    length: 1,
    run: () => ({ message: () => void received++, closed() {} }),
  }
  const source: Protocol = {
    ...sink,
    run: (own) => {
      session = own
      return { message() {}, writable: () => writable(), closed() {} }
    },
  }
  const [server, client] = [createEnd('server', [sink]), createEnd('client', [source])]
  const listener = await listen(server)
  const connection = await dial(client, server, listener.port)
  const start = performance.now()
  const end = start + seconds * 1000
  while (performance.now() < end) {
    let sent = 0
    while (session!.send(0, payload)) if (++sent % 256 === 0 && performance.now() > end) break
    if (performance.now() > end) break
    await new Promise<void>((resolve) => {
      writable = resolve
    })
  }
  const rate = (received * 1000) / (performance.now() - start)
  connection.disconnect(0)
  await listener.close()
  return rate
}

/** Handshakes side by side: a node dials many. */
const width = 8
const round = (value: number) => Math.round(value * 10) / 10
