import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { BlockProducer } from '../../../actors/chain/producer.ts'
import { type Genesis, parseGenesis } from '../../../protocols/chain/genesis.ts'

// A chain of our own that passes forks on its way: what the specs of the execution run on where there is no other.

/** The dev network's, with its later forks one after the other. */
export const forkedGenesisJson = {
  ...devGenesisJson,
  config: { ...devGenesisJson.config, cancunTime: 4, pragueTime: 8, osakaTime: 12 },
}

export const forkedGenesis = (): Genesis => parseGenesis(JSON.stringify(forkedGenesisJson))

/** @param seed blocks of another are others from the first on @returns so many blocks on the genesis, a second apart */
export async function forkedBlocks(count: number, seed = 1): Promise<NewBlock[]> {
  const chain = await Chain.open({ genesis: forkedGenesis() })
  const producer = await BlockProducer.open(chain, { seed: Uint8Array.of(seed), genesis: forkedGenesisJson })
  const blocks: NewBlock[] = []
  for (let time = 1; time <= count; time++) blocks.push(await producer.produce(BigInt(time)))
  await chain.close()
  return blocks
}
