import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { PageMessage, PageRequest } from '../../../actors/inspector/wire.ts'

type Answer<Of extends PageMessage['push']> = Extract<PageMessage, { readonly push: Of }>
type Question = Extract<PageRequest, { readonly id: number }>

/** A page as a browser has it open, without what it draws. */
export class OpenPage {
  readonly socket: WebSocket
  /** Every push that it received. */
  readonly pushes: PageMessage[] = []
  readonly #waiting = new Set<() => void>()
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      this.pushes.push(JSON.parse(String(data)))
      for (const wake of this.#waiting) wake()
    })
  }

  /** @param address as the inspector prints it */
  static async at(address: string): Promise<OpenPage> {
    const page = new OpenPage(new WebSocket(new URL('feed', address.replace('http', 'ws'))))
    await once(page.socket, 'open')
    return page
  }

  /** @returns the first push of that kind, received or to come, that passes `test` */
  async until<Of extends PageMessage['push']>(
    kind: Of,
    test: (push: Answer<Of>) => boolean = () => true,
  ): Promise<Answer<Of>> {
    for (;;) {
      const found = this.pushes.find((push): push is Answer<Of> => push.push === kind && test(push as Answer<Of>))
      if (found) return found
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
    }
  }

  say(ask: Exclude<PageRequest, Question>): void {
    this.socket.send(JSON.stringify(ask))
  }

  /** @throws the inspector's refusal */
  async ask<Of extends Question['ask']>(
    ask: Of,
    question: Omit<Extract<Question, { readonly ask: Of }>, 'ask' | 'id'>,
  ): Promise<Answer<Of>> {
    const id = ++this.#lastId
    this.socket.send(JSON.stringify({ ask, id, ...question }))
    const isMine = (push: PageMessage) => 'id' in push && push.id === id
    const answer = await Promise.race([this.until(ask, isMine as never), this.until('error', isMine)])
    if ('error' in answer) throw new Error(answer.error)
    return answer as Answer<Of>
  }

  close(): void {
    this.socket.terminate()
  }
}
