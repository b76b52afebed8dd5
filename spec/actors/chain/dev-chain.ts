import { Chain } from '../../../actors/chain/chain.ts'
import { devGenesis } from '../../../actors/chain/dev-genesis.ts'
import { BlockProducer } from '../../../actors/chain/producer.ts'
import { joinBlock } from '../../../protocols/eth/block.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'

/** @returns `count` blocks on the dev network's genesis, one after the other as `geth export` writes them */
export async function devChainFile(count: number): Promise<Uint8Array> {
  const chain = await Chain.open({ genesis: devGenesis() })
  const producer = await BlockProducer.open(chain, { seed: Uint8Array.of(1) })
  const blocks: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const { header, body } = await producer.produce(chain.head.time + 1n)
    blocks.push(joinBlock({ header: header.raw, body }))
  }
  await chain.close()
  return concatBytes(...blocks)
}
