import { expect } from 'chai'
import { type Holding, InputRoom } from '../../../actors/runtime/input-room.ts'

describe('the room for unfinished input', () => {
  let room: InputRoom
  let ended: string[]
  beforeEach(() => {
    room = new InputRoom(100)
    ended = []
  })
  const open = (name: string, isProven = false): Holding => room.open(() => ended.push(name), { isProven })

  it('is shared by all that hold something', () => {
    const [one, other] = [open('one'), open('other')]
    one.hold(60)
    other.hold(40)
    one.hold(50)
    expect([room.held, one.bytes, ended]).to.deep.equal([90, 50, []])
  })
  it('ends who holds most when it is full, and no more of them than it must', () => {
    const [much, little, more] = [open('much'), open('little'), open('more')]
    much.hold(40)
    little.hold(15)
    more.hold(45)
    little.hold(16)
    expect([ended, room.held, much.bytes]).to.deep.equal([['more'], 56, 40])
    little.hold(30)
    expect(ended).to.deep.equal(['more'])
  })
  it('ends the older of two that hold as much', () => {
    open('old').hold(50)
    open('new').hold(50)
    open('small').hold(1)
    expect(ended).to.deep.equal(['old'])
  })
  it('ends one that has shown a secret last, however much it holds', () => {
    const proven = open('proven', true)
    proven.hold(90)
    open('stranger').hold(20)
    expect([ended, room.held]).to.deep.equal([['stranger'], 90])
    proven.hold(101)
    expect([ended, room.held]).to.deep.equal([['stranger', 'proven'], 0])
  })
  it('reports how many bytes have passed', () => {
    const passed: number[] = []
    const holding = new InputRoom(100, (bytes) => passed.push(bytes)).open(() => {})
    for (const bytes of [10, 30, 25, 0, 60, 101]) holding.hold(bytes)
    expect(passed).to.deep.equal([5, 25, 101])
  })
  it('has what a holder let go of, and hears nothing more of one that was ended or is gone', () => {
    const [one, other] = [open('one'), open('other')]
    one.hold(100)
    one.close()
    one.hold(100)
    other.hold(101)
    other.hold(50)
    expect([ended, room.held]).to.deep.equal([['other'], 0])
  })
})
