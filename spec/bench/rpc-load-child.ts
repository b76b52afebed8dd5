import { connect } from 'node:net'

// The callers' process: `node rpc-load-child.js URL CONNECTIONS SECONDS RATE`, as fast as it goes where RATE is 0.

export type Load = {
  readonly count: number
  /** Milliseconds to each answer. */
  readonly latencies: readonly number[]
}

const [url, connections, seconds, rate] = process.argv.slice(2)
const { hostname, port } = new URL(url!)
const body = '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}'
const request = `POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const answer = '{"jsonrpc":"2.0","id":1,"result":"0x'

const latencies: number[] = []
const began = performance.now()
const end = began + Number(seconds) * 1_000
/** Milliseconds from one call of a connection to its next. */
const interval = Number(rate) === 0 ? 0 : (Number(connections) * 1_000) / Number(rate)
let open = Number(connections)
process.send!('begun')
for (let i = 0; i < Number(connections); i++) call((i * interval) / Number(connections))

/** @param offset milliseconds, so that they are not in step */
function call(offset: number): void {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  socket.setEncoding('latin1')
  let sent = 0
  let due = began + offset
  let received = ''
  const ask = () => {
    sent = performance.now()
    socket.write(request)
  }
  socket.on('connect', ask)
  socket.on('data', (chunk: string) => {
    received += chunk
    if (!received.endsWith('}')) return
    if (!received.includes(answer)) throw new Error(`answered ${received}`)
    received = ''
    latencies.push(performance.now() - sent)
    due += interval
    const wait = due - performance.now()
    if (performance.now() >= end) socket.destroy()
    else if (wait > 0) setTimeout(ask, wait)
    else ask()
  })
  socket.on('close', () => {
    if (--open === 0) process.send!({ count: latencies.length, latencies } satisfies Load, () => process.disconnect())
  })
}
