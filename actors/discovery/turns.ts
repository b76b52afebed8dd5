import { maxPacketBytes } from '../../protocols/discv4/packets.ts'
import type { Holding, InputRoom } from '../runtime/input-room.ts'
import { Account, type FairScheduler, type Task } from '../runtime/scheduler.ts'
import type { Datagrams, Receive, UdpEndpoint } from './datagrams.ts'

/**
 * Datagrams whose reading has turns as that of every connection has: the system gives dozens at once, and each may be a
 * signature to recover. All are on one account, for who sent one is not known before.
 * @param input where they have their room until they are read
 * @param receive of one datagram; what it throws is reported by `crashed`, and the next one is read
 */
export const inTurns = (
  datagrams: Datagrams,
  { scheduler, input }: { readonly scheduler: FairScheduler; readonly input: InputRoom },
  crashed: (error: unknown) => void,
): Datagrams => ({
  async bind(host, port, receive) {
    const received = new ReceivedDatagrams(scheduler, input, receive, crashed)
    const socket = await datagrams.bind(host, port, (bytes, from) => received.add(bytes, from))
    return {
      ...socket,
      close: () => {
        received.close()
        return socket.close()
      },
    }
  },
})

class ReceivedDatagrams implements Task {
  readonly account = new Account()
  readonly crashed: (error: unknown) => void
  readonly #scheduler: FairScheduler
  readonly #receive: Receive
  readonly #holding: Holding
  /** BOUNDED: maxWaiting of maxPacketBytes; what comes beyond is lost, as it is when the system's own queue is full. */
  #waiting: { readonly bytes: Uint8Array; readonly from: UdpEndpoint }[] = []

  constructor(scheduler: FairScheduler, input: InputRoom, receive: Receive, crashed: (error: unknown) => void) {
    this.#scheduler = scheduler
    this.#holding = input.open(() => this.#clear())
    this.#receive = receive
    this.crashed = (error) => {
      crashed(error)
      if (this.#waiting.length > 0) scheduler.ready(this)
    }
  }

  add(bytes: Uint8Array, from: UdpEndpoint): void {
    if (this.#waiting.length >= maxWaiting || bytes.length > maxPacketBytes) return
    this.#waiting.push({ bytes, from })
    this.#scheduler.ready(this)
    this.#holding.hold(this.#holding.bytes + bytes.length)
  }

  step(): boolean {
    const next = this.#waiting.shift()
    if (next) {
      this.#holding.hold(this.#holding.bytes - next.bytes.length)
      this.#receive(next.bytes, next.from)
    }
    return this.#waiting.length > 0
  }

  close(): void {
    this.#clear()
    this.#holding.close()
  }

  #clear(): void {
    this.#waiting = []
    this.#holding.hold(0)
    this.#scheduler.forget(this)
  }
}

const maxWaiting = 1_024
