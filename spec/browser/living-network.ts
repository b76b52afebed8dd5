import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { projectRoot } from '../support/project.ts'

/** `npm start` as a user runs it, with what it prints at its start. */
export class LivingNetwork {
  /** Of the inspector's page. */
  readonly address: string
  /** Of its nodes, in their order. */
  readonly enodes: readonly string[]
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, address: string, enodes: readonly string[]) {
    this.#process = process
    this.address = address
    this.enodes = enodes
  }

  /** @throws (rejects) it ended before it had printed where its page is */
  static async start(...args: readonly string[]): Promise<LivingNetwork> {
    const child = spawn('npm', ['start', '--', ...args], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true, // npm is a shell's parent: all of it is ended together
    })
    const enodes: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      const [enode] = /enode:\/\/\S+/.exec(line) ?? []
      if (enode !== undefined) enodes.push(enode)
      const [address] = /http:\/\/127\.0\.0\.1\S+/.exec(line) ?? []
      if (address === undefined) continue
      child.stdout.resume()
      return new LivingNetwork(child, address, enodes)
    }
    throw new Error('npm start printed no address')
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return
    process.kill(-this.#process.pid!, 'SIGINT')
    await once(this.#process, 'exit')
  }
}
