import { connect } from 'node:net'

// The callers' process: `node rpc-load-child.js URL CONNECTIONS SECONDS`.

export type Load = {
  readonly count: number
  /** Milliseconds to each answer. */
  readonly latencies: readonly number[]
}

const [url, connections, seconds] = process.argv.slice(2)
const { hostname, port } = new URL(url!)
const body = '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}'
const request = `POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const answer = '"result":"0x28"}'

const latencies: number[] = []
const end = performance.now() + Number(seconds) * 1_000
let open = Number(connections)
for (let i = 0; i < Number(connections); i++) call()

function call(): void {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  socket.setEncoding('latin1')
  let sent = 0
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
    if (performance.now() < end) ask()
    else socket.destroy()
  })
  socket.on('close', () => {
    if (--open === 0) process.send!({ count: latencies.length, latencies } satisfies Load, () => process.disconnect())
  })
}
