import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { BlockProducer } from '../../../actors/chain/producer.ts'
import { joinBlock } from '../../../protocols/chain/block.ts'
import { parseGenesis } from '../../../protocols/chain/genesis.ts'

type DevChainOptions = {
  /** In geth's form, when its forks are other ones. */
  readonly genesis?: object
  /** Of the first block, in seconds: the others follow second by second. */
  readonly time?: bigint
}

/** @returns `count` blocks on the dev network's genesis, executed */
export async function devChain(
  count: number,
  { genesis = devGenesisJson, time = 1n }: DevChainOptions = {},
): Promise<NewBlock[]> {
  const chain = await Chain.open({ genesis: parseGenesis(JSON.stringify(genesis)) })
  const producer = await BlockProducer.open(chain, { seed: Uint8Array.of(1), genesis })
  const blocks: NewBlock[] = []
  while (blocks.length < count) blocks.push(await producer.produce(time + BigInt(blocks.length)))
  await chain.close()
  return blocks
}

/** @returns the blocks one after the other, as `geth export` writes them */
export const chainFile = (blocks: readonly NewBlock[]): Uint8Array =>
  Buffer.concat(blocks.map(({ header, body }) => joinBlock({ header: header.raw, body })))

/** @returns {@link devChain} as {@link chainFile} */
export const devChainFile = async (count: number): Promise<Uint8Array> => chainFile(await devChain(count))
