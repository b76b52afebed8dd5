import { expect } from 'chai'
import { stateCaller } from '../../../actors/apis/state-caller.ts'
import { ExecutionStopped } from '../../../actors/chain/execution-port.ts'
import type { StateMethodCall } from '../../../actors/execution/methods/methods.ts'
import type { StatePort } from '../../../actors/execution/queries.ts'

describe('calls of methods on a state', () => {
  const call = {} as StateMethodCall
  let underWay: { resolve(value: unknown): void; reject(error: Error): void }[]
  const states = {
    query: () => new Promise((resolve, reject) => underWay.push({ resolve, reject })),
  } as unknown as StatePort
  beforeEach(() => {
    underWay = []
  })

  it('are 1,024 at a time, however many are asked for: the rest are refused at once, and keep nothing', async () => {
    const run = stateCaller(states)
    let refused = 0
    const all = Array.from({ length: 10_000 }, () =>
      run(call).catch((error: Error) => {
        expect(error).to.deep.include({ message: 'too many calls at a time', code: -32000 })
        refused++
      }),
    )
    await Promise.resolve()
    await Promise.resolve()
    expect([underWay.length, refused]).to.deep.equal([1_024, 10_000 - 1_024])
    for (const { resolve } of underWay.splice(0)) resolve(1)
    await Promise.all(all)
    void run(call)
    expect(underWay).to.have.length(1)
  })

  it('give their place back when they fail, and say that the node is stopping when it is', async () => {
    const run = stateCaller(states)
    const all = Array.from({ length: 1_024 }, () => run(call).catch((error: Error) => error.message))
    for (const { reject } of underWay.splice(0)) reject(new ExecutionStopped())
    expect(new Set(await Promise.all(all))).to.deep.equal(new Set(['the node is stopping']))
    void run(call)
    expect(underWay).to.have.length(1)
  })
})
