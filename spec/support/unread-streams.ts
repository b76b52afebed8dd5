import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Resolves once nothing is under way to a port on this machine any more from ends that are closed: a system goes on to send
 * what a process has written and left, and the end of the stream stands behind that.
 * @returns milliseconds until then, 0 where the system does not say
 */
export async function untilRead(port: number): Promise<number> {
  const began = performance.now()
  while (await hasUnread(port)) await sleep(20)
  return performance.now() - began
}

async function hasUnread(port: number): Promise<boolean> {
  const table = await readFile('/proc/net/tcp', 'utf8').catch(() => '')
  const sockets = table.split('\n').slice(1, -1).map(readSocket)
  const leaving = sockets.filter((one) => one.remotePort === port && leavingStates.has(one.state))
  if (leaving.some(({ unsent }) => unsent > 0)) return true
  const left = new Set(leaving.map(({ localPort }) => localPort))
  return sockets.some(
    ({ localPort, remotePort, state, unread }) =>
      localPort === port && unread > 0 && (state === closeWait || left.has(remotePort)),
  )
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
