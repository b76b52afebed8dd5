/** What a transaction was refused for. Only `underpriced` may be otherwise in a while, and `capacity`. */
export type PoolFault =
  | 'known'
  | 'oversized'
  | 'type'
  | 'initCode'
  | 'gas'
  | 'fees'
  | 'sender'
  | 'nonce'
  | 'funds'
  | 'priceTooLow'
  | 'underpriced'
  | 'replacement'
  | 'capacity'
  | 'delegation'
  | 'sidecar'
  | 'kzg'
  | 'reserved'

/** The pool does not take a transaction: its message is geth's. */
export class PoolError extends Error {
  override readonly name = 'PoolError'
  readonly fault: PoolFault

  constructor(fault: PoolFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

export const noFunds = 'insufficient funds for gas * price + value'
