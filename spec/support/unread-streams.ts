import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Resolves once nothing goes to a port on this machine any more from ends that are closed: a system goes on to send what a
 * process has written and left, and the end of the stream stands behind that. What stays unread is not waited for.
 * @returns milliseconds until then, 0 where the system does not say
 */
export async function untilRead(port: number): Promise<number> {
  const began = performance.now()
  let ended = began
  for (let last = await leftOver(port), same = 0; last > 0 && same < 5; ) {
    await sleep(20)
    const left = await leftOver(port)
    same = left === last ? same + 1 : 0
    if (same === 0) ended = performance.now()
    last = left
  }
  return ended - began
}

/** @returns bytes that closed ends have still to send, or have sent and are not read */
async function leftOver(port: number): Promise<number> {
  const table = await readFile('/proc/net/tcp', 'utf8').catch(() => '')
  const sockets = table.split('\n').slice(1, -1).map(readSocket)
  const leaving = sockets.filter((one) => one.remotePort === port && leavingStates.has(one.state))
  const left = new Set(leaving.map(({ localPort }) => localPort))
  const reading = sockets.filter(
    ({ localPort, remotePort, state }) => localPort === port && (state === closeWait || left.has(remotePort)),
  )
  // The end of a stream counts as a byte.
  const unread = reading.reduce((sum, one) => sum + Math.max(0, one.unread - 1), 0)
  return leaving.reduce((sum, { unsent }) => sum + Math.max(0, unsent - 1), unread)
}

/** As proc(5) has it: `sl local rem st tx_queue:rx_queue …`, in hex. */
function readSocket(line: string) {
  const [, local = '', remote = '', state = '', queues = ''] = line.trim().split(/\s+/)
  const portOf = (address: string) => Number.parseInt(address.slice(address.indexOf(':') + 1), 16)
  const [unsent = 0, unread = 0] = queues.split(':').map((bytes) => Number.parseInt(bytes, 16))
  return { localPort: portOf(local), remotePort: portOf(remote), state, unsent, unread }
}

/** TCP_CLOSE_WAIT, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_LAST_ACK and TCP_CLOSING of Linux. */
const closeWait = '08'
const leavingStates: ReadonlySet<string> = new Set(['04', '05', '09', '0B'])
