import fc from 'fast-check'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { ConfigError, parseConfig, writeConfig } from '../../../actors/cli/config-file.ts'
import { settings } from '../../../actors/cli/settings.ts'
import { LogLevels, VmoduleError } from '../../../actors/log/log-levels.ts'
import { RpcError } from '../../../actors/rpc/rpc-error.ts'
import { parseGenesis } from '../../../protocols/chain/genesis.ts'
import { InvalidGenesis } from '../../../protocols/chain/json-fields.ts'
import { EngineCaller } from '../../actors/apis/engine-caller.ts'
import { paramsOf } from '../../actors/apis/payloads.ts'
import { amsterdamAtOnce, genesisOf, makeBlocks } from '../../actors/chain/make-chain.ts'
import { settingsArbitrary } from '../../actors/cli/settings-arbitrary.ts'
import { mutatedJson, mutatedText } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'

/** What a user writes or downloads: a configuration, the genesis of a chain, its payloads. */
export async function configuration(): Promise<Readers> {
  const genesis = genesisOf(amsterdamAtOnce)
  const engine = await EngineCaller.open(genesis)
  const payloads = makeBlocks(genesis, genesis.header, 3).map(paramsOf)
  return {
    TOML: reader(
      mutatedText(settingsArbitrary.map((values) => writeConfig(settings, values))),
      (text) => parseConfig(text, settings, 'config.toml'),
      ConfigError,
    ),
    'genesis.json': reader(mutatedJson(fc.constant(devGenesisJson)), parseGenesis, InvalidGenesis),
    'newpayload.json': reader(
      mutatedJson(fc.constantFrom(...payloads)),
      (text) => {
        const params = paramsIn(text)
        return params && engine.call('newPayloadV5', ...params)
      },
      RpcError,
    ),
    vmodule: reader(
      mutatedText(fc.constantFrom('peer=5,rpc=4', 'eth/*=3', '')),
      (text) => new LogLevels(3).setVmodule(text),
      VmoduleError,
    ),
  }
}

function paramsIn(text: string): unknown[] | undefined {
  try {
    const params: unknown = JSON.parse(text)
    return Array.isArray(params) ? params : undefined
  } catch {
    return undefined
  }
}
