// Breaches of snap by the remote, disconnected with SubprotocolError (0x10), with geth's texts.

/** snap is an extension of eth, which the two do not speak (geth errSnapWithoutEth). */
export class SnapWithoutEth extends Error {
  override readonly name = 'SnapWithoutEth'
  constructor() {
    super('peer connected on snap without compatible eth support')
  }
}
