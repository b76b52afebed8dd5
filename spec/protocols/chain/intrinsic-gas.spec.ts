import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createTx, getCalldataFloorGas } from '@ethereumjs/tx'
import { Address } from '@ethereumjs/util'
import { expect } from 'chai'
import { floorGas, type GasRules, intrinsicGas } from '../../../protocols/chain/intrinsic-gas.ts'

describe('what a transaction pays before it is executed, and at least', () => {
  const [from, to, key] = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2), new Uint8Array(32).fill(3)]
  const datas = [[], [0], [1], [0, 0, 7, 9], Array.from({ length: 65 }, (_, i) => i % 3)].map((one) =>
    Uint8Array.from(one),
  )
  const lists = [undefined, [], [{ address: to, storageKeys: [] }], [{ address: to, storageKeys: [key, key] }]]
  const messages = datas.flatMap((data) =>
    lists.flatMap((accessList) =>
      [undefined, to, from].flatMap((to) => [0n, 5n].map((value) => ({ from, to, value, data, accessList }))),
    ),
  )
  const none = { isHomestead: false, isIstanbul: false, isShanghai: false, isPrague: false, isAmsterdam: false }
  const homestead = { ...none, isHomestead: true }
  const istanbul = { ...homestead, isIstanbul: true }
  const shanghai = { ...istanbul, isShanghai: true }
  const prague = { ...shanghai, isPrague: true }
  const forks: readonly [Hardfork, GasRules][] = [
    [Hardfork.Chainstart, none],
    [Hardfork.Homestead, homestead],
    [Hardfork.Berlin, istanbul],
    [Hardfork.Shanghai, shanghai],
    [Hardfork.Prague, prague],
    [Hardfork.Amsterdam, { ...prague, isAmsterdam: true }],
  ]
  for (const [hardfork, rules] of forks)
    it(`is what @ethereumjs/tx makes it in ${hardfork}`, () => {
      const common = new Common({ chain: Mainnet, hardfork })
      for (const message of messages.filter(({ accessList }) => !accessList || common.isActivatedEIP(2930))) {
        const { to, value, data, accessList } = message
        const list = accessList?.map(({ address, storageKeys }) => [address, storageKeys])
        const tx = createTx(
          {
            type: list ? 1 : 0,
            gasLimit: 1_000_000n,
            ...(to && { to: new Address(to) }),
            value,
            data,
            accessList: list as never,
          },
          { common, freeze: false },
        )
        // Without a signature the library does not see that a sender pays itself (EIP-2780).
        const touch = rules.isAmsterdam && to === from ? 3_000n + (value > 0n ? 6_000n : 0n) : 0n
        expect(BigInt(intrinsicGas(rules, message))).to.equal(tx.getIntrinsicGas() - touch)
        if (common.isActivatedEIP(7623))
          expect(BigInt(floorGas(rules, message))).to.equal(getCalldataFloorGas(tx, new Address(from)))
        else expect(floorGas(rules, message)).to.equal(0)
      }
    })
  it('charges for each authorization: as for a new account, since Amsterdam for its execution alone', () => {
    const message = { from, to, value: 0n, data: new Uint8Array(0), authorizations: [{}, {}] }
    expect(intrinsicGas(prague, message)).to.equal(21_000 + 2 * 25_000)
    expect(intrinsicGas({ ...prague, isAmsterdam: true }, message)).to.equal(15_000 + 2 * 7_816)
  })
})
