import { Observable, type Observer, type Operator, Subscriber, type Subscription } from 'rxjs'
import { guard } from './supervision.ts'

/** Events for readers: what one of them throws, its operators or its promises, ends its subscription and nothing else. */
export class ReaderStream<T> extends Observable<T> {
  readonly #crashed: (error: unknown) => void

  /** @param crashed gets the bugs of readers. Without it the process ends, loudly. */
  constructor(source: Observable<unknown>, crashed: (error: unknown) => void = rethrow, operator?: Operator<never, T>) {
    super()
    this.source = source
    this.operator = operator as Operator<unknown, T> | undefined
    this.#crashed = crashed
  }

  /** What `pipe` makes of it is one, too. */
  override lift<R>(operator?: Operator<T, R>): ReaderStream<R> {
    return new ReaderStream(this, this.#crashed, operator)
  }

  override subscribe(observer?: Partial<Observer<T>> | ((value: T) => void) | null): Subscription {
    if (observer instanceof Subscriber) return super.subscribe(observer) // of an operator, whose reader is guarded
    const { next, error, complete } = typeof observer === 'function' ? { next: observer } : (observer ?? {})
    let isOver = false
    let subscription: Subscription | undefined
    const end = (cause: unknown) => {
      if (isOver) return
      isOver = true
      subscription?.unsubscribe()
      queueMicrotask(() => this.#crashed(cause)) // after this event: the other readers get it first
    }
    const guarded =
      <Args extends unknown[]>(call: ((...args: Args) => void) | undefined) =>
      (...args: Args) => {
        if (!isOver) guard(() => call?.apply(observer, args), end)
      }
    subscription = super.subscribe({
      ...{ next: guarded(next), complete: guarded(complete), error: error ? guarded(error) : end },
    })
    if (isOver) subscription.unsubscribe()
    return subscription
  }
}

function rethrow(error: unknown): never {
  throw error
}
