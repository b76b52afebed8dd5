import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silent } from '../../../actors/log/log.ts'
import { type Api, method, subscription } from '../../../actors/rpc/api.ts'
import { PrintedJson } from '../../../actors/rpc/json/print.ts'
import type { RpcOptions } from '../../../actors/rpc/options.ts'
import { quantity, required } from '../../../actors/rpc/params.ts'
import { RpcStack, type RpcStackContext } from '../../../actors/rpc/rpc-stack.ts'
import { InputRoom } from '../../../actors/runtime/input-room.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import type { Runtime } from '../../../actors/runtime/runtime.ts'

/** 32 bytes. */
export const testSecret = new Uint8Array(32).fill(7)

/** A stack on free ports of 127.0.0.1, over APIs that are made for specs. */
export class TestStack {
  readonly stack: RpcStack
  readonly runtime: Runtime
  readonly directory: string
  readonly apis = testApis()
  readonly input: InputRoom

  /** Opens everything: HTTP and WebSocket on one port, IPC, and the authenticated port. */
  static async start(options: RpcOptions = {}, context: Partial<RpcStackContext> = {}): Promise<TestStack> {
    const directory = await mkdtemp(join(tmpdir(), 'peerchart-rpc-'))
    const one = new TestStack(directory, options, context)
    await one.stack.start()
    return one
  }

  private constructor(directory: string, options: RpcOptions, context: Partial<RpcStackContext>) {
    this.directory = directory
    this.runtime = processRuntime()
    this.input = context.input ?? new InputRoom()
    const everything: RpcOptions = {
      http: { port: 0, api: [] },
      ws: { port: 0, api: [] },
      ipc: join(directory, 'test.ipc'),
      auth: { port: 0, secret: testSecret },
    }
    this.stack = new RpcStack(
      this.runtime,
      { ...everything, ...options },
      { log: silent, ...context, input: this.input },
    )
    this.stack.register(this.apis.all)
  }

  get httpPort(): number {
    return Number(new URL(this.stack.http!).port)
  }

  get authPort(): number {
    return Number(new URL(this.stack.auth!).port)
  }

  async post(body: string, url = this.stack.http!): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(url, { method: 'POST', headers, body })).text()
  }

  async stop(): Promise<void> {
    await this.stack.stop()
    await rm(this.directory, { recursive: true, force: true })
  }
}

export const callText = (method: string, params: unknown[] = [], id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })

function testApis() {
  /** The subscribers, until they unsubscribe. */
  const listeners = new Set<(result: unknown) => void>()
  /** Ends the calls of `test_wait`. */
  const waiting = new Set<() => void>()
  const text = required((json) => String(json))
  const test: Api = {
    namespace: 'test',
    methods: {
      echo: method([text], (text) => text),
      repeat: method([text, quantity], (text, times) => text.repeat(Number(times))),
      parts: method([text, quantity], (text, count) => new PrintedJson(['"', ...Array(Number(count)).fill(text), '"'])),
      wait: method([], () => new Promise((resolve) => waiting.add(() => resolve('waited')))),
    },
    subscriptions: {
      news: subscription([], (notify) => {
        listeners.add(notify)
        return () => listeners.delete(notify)
      }),
      flood: subscription([quantity], (notify, count) => {
        for (let i = 0; i < Number(count); i++) notify(i)
        return () => {}
      }),
    },
  }
  const engine: Api = {
    namespace: 'engine',
    authenticated: true,
    methods: { exchangeCapabilities: method([], () => []) },
  }
  const eth: Api = {
    namespace: 'eth',
    methods: { blockNumber: method([], () => '0x7') },
    subscriptions: { newHeads: subscription([], () => () => {}) },
  }
  const net: Api = { namespace: 'net', methods: { version: method([], () => '1') } }
  return {
    all: [test, engine, eth, net],
    listeners,
    waiting,
    report: (result: unknown) => {
      for (const notify of listeners) notify(result)
    },
    finish: () => {
      for (const end of waiting) end()
      waiting.clear()
    },
  }
}
