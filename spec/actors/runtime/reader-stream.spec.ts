import { expect } from 'chai'
import { firstValueFrom, map, merge, NEVER, Subject, take, toArray } from 'rxjs'
import { ReaderStream } from '../../../actors/runtime/reader-stream.ts'

describe('events for readers', () => {
  let source: Subject<number>
  let bugs: string[]
  let stream: ReaderStream<number>
  beforeEach(() => {
    source = new Subject()
    bugs = []
    stream = new ReaderStream(source, (error) => bugs.push(`${error}`))
  })
  const fail = (): never => {
    throw new Error('planted')
  }

  for (const [what, subscribe] of [
    ['a function', () => stream.subscribe(fail)],
    ['an observer', () => stream.subscribe({ next: fail })],
    ['a promise', () => stream.subscribe(() => Promise.reject(new Error('planted')))],
    ['an operator', () => stream.pipe(map(fail)).subscribe()],
    ['a reader behind operators', () => stream.pipe(take(9), map(String)).subscribe(fail)],
  ] as const)
    it(`end the subscription of ${what} that fails, and no other`, async () => {
      const seen: number[] = []
      const first = subscribe()
      stream.subscribe((value) => seen.push(value))
      source.next(1)
      await new Promise(setImmediate)
      source.next(2)
      await new Promise(setImmediate)
      expect(seen).to.deep.equal([1, 2])
      expect(bugs).to.deep.equal(['Error: planted'])
      expect(first.closed).to.equal(true)
    })

  it('end a reader by what comes while it subscribes, too', async () => {
    const early = new ReaderStream(merge([1, 2], NEVER), (error) => bugs.push(`${error}`))
    expect(early.subscribe(fail).closed).to.equal(true)
    await new Promise(setImmediate)
    expect(bugs).to.deep.equal(['Error: planted'])
  })

  it('are what any observable is: values, completion, errors to a reader that takes them', async () => {
    const all = firstValueFrom(stream.pipe(toArray()))
    const order: string[] = []
    stream.subscribe({ next: (value) => order.push(`${value}`), complete: () => order.push('complete') })
    const broken = new Subject<number>()
    new ReaderStream(broken).subscribe({ error: (error) => order.push(`${error}`) })
    source.next(1)
    source.complete()
    broken.error(new Error('of the source'))
    expect(await all).to.deep.equal([1])
    expect(order).to.deep.equal(['1', 'complete', 'Error: of the source'])
  })
})
