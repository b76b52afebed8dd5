import type { Status68, Status69 } from '../../protocols/eth/status.ts'
import type { LocalProtocol } from '../../protocols/p2p/matching.ts'
import type { Cap } from '../../protocols/p2p/messages.ts'
import { type EthCap, type SubCap, type SubMessageIn, tableOf } from '../../protocols/sub-protocols.ts'

// What a script offers, and what the compiler knows from it of the connection.

/** As `eth/72`, or as it is in Hello. Any name will do; the messages of eth and snap are known. */
export type Offer = SubCap | (string & {}) | Cap
export type Offers = readonly Offer[]
/** What is offered when a script does not say. */
export type UsualOffers = readonly EthCap[]

/** The versions that may be spoken where `O` is offered; every one where the compiler cannot see what is. */
export type Spoken<O extends Offers> = SpokenOf<O[number]>
type SpokenOf<O> = O extends string
  ? Extract<SubCap, O>
  : O extends { readonly name: infer Name extends string; readonly version: infer Version extends number }
    ? Extract<SubCap, `${Name}/${Version}`>
    : never

/** The version of `P` that may be spoken. */
export type VersionOf<P extends 'eth' | 'snap', C extends SubCap> = C extends `${P}/${infer V extends number}`
  ? V
  : never

/** What of a Status a script says. */
export type StatusFields<C extends SubCap = SubCap> = Partial<
  ('eth/68' extends C ? Omit<Status68, 'kind'> : unknown) &
    ([Extract<C, Exclude<EthCap, 'eth/68'>>] extends [never] ? unknown : Omit<Status69, 'kind'>)
>

export type StatusOption<C extends SubCap = SubCap> =
  | 'mirror'
  | StatusFields<C>
  | ((theirs: SubMessageIn<C, 'Status'>) => StatusFields<C>)

export function toCap(offer: Offer): Cap {
  if (typeof offer !== 'string') return offer
  const slash = offer.lastIndexOf('/')
  return { name: offer.slice(0, slash), version: Number(offer.slice(slash + 1)) }
}

/** How many codes a capability takes; 1 where it is unknown. */
export const withLength = ({ name, version }: Cap): LocalProtocol => ({
  ...{ name, version },
  length: tableOf(name, version)?.length ?? 1,
})
