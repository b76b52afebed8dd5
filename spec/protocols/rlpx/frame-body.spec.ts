import { expect } from 'chai'
import { FrameBody, giveBack } from '../../../protocols/rlpx/frame-body.ts'

describe('the body of a frame', () => {
  const part = new Uint8Array(65_536).fill(7)

  it('holds no more than has come and 64 KiB, however much was claimed', () => {
    const body = new FrameBody(2 ** 24)
    expect(body.heldBytes).to.equal(0)
    for (let came = part.length; came < 2 ** 22; came += part.length) {
      body.append(part)
      expect(body.length).to.equal(came)
      expect(body.heldBytes).to.be.within(came, came + 65_536)
    }
    expect(body.view(100, 200)).to.deep.equal(new Uint8Array(100).fill(7))
  })
  it('gives its memory back at once', () => {
    const body = new FrameBody(2 ** 20)
    for (let i = 0; i < 16; i++) body.append(part)
    const all = body.view(0, 2 ** 20)
    expect([body.heldBytes, all.length]).to.deep.equal([2 ** 20, 2 ** 20])
    giveBack(all)
    expect([body.heldBytes, all.length]).to.deep.equal([0, 0])
  })
  it('is one of the usual kind where it is small', () => {
    const body = new FrameBody(100)
    body.append(part.subarray(0, 100))
    giveBack(body.view(0, 100))
    expect([body.heldBytes, body.view(0, 100)[99]]).to.deep.equal([100, 7])
  })
})
