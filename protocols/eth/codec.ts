import type { Codec as CodecOf } from '../lib/message-codecs.ts'
import type { EthVersion } from './versions.ts'

export type Codec<M> = CodecOf<M, EthVersion>
