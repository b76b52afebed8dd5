import type { Subject } from '../support/subject.ts'

/** One thing that hostile peers do. A good peer loses no answer meanwhile, and nothing of it is left afterwards. */
export type Attack = {
  readonly name: string
  /** @throws the node did something else than geth does */
  run(subject: Subject): Promise<void>
  /** Milliseconds that the attack may take; 10,000 when left out. */
  readonly timeout?: number
  /** By how much the node may have grown when it is over, in bytes; 32 MiB when left out. */
  readonly growth?: number
}
