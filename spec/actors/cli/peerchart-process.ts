import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { programOf, projectRoot } from '../../support/project.ts'

/** The command line as a process of its own, for specs of one file: `endAll` after each. */
export class PeerchartProcesses {
  readonly #children: ChildProcess[] = []

  start(...args: string[]) {
    return this.startWith([], ...args)
  }

  /** @param nodeOptions further ones of Node's own */
  startWith(nodeOptions: readonly string[], ...args: string[]) {
    const child = spawn(process.execPath, [...nodeOptions, ...programOf('actors/cli/main'), ...args], {
      cwd: projectRoot,
      stdio: 'pipe',
    })
    this.#children.push(child)
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
    return { child, ended, out: text(child.stdout), err: text(child.stderr) }
  }

  endAll(): void {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL')
  }
}

/** Resolves with all that came until `pattern` was seen. @throws (rejects) the stream ended without it */
export function seen(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    stream.on('data', (chunk) => {
      text += chunk
      if (pattern.test(text)) resolve(text)
    })
    stream.on('end', () => reject(new Error(`ended without ${pattern}: ${text}`)))
  })
}
