import { filter, firstValueFrom, startWith } from 'rxjs'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'

/** Resolves once `node` has so many peers: two that dial each other are added and dropped on the way. */
export const peerCount = (node: PeerchartNode, count: number): Promise<unknown> =>
  firstValueFrom(
    node.peerEvents$.pipe(
      startWith(undefined),
      filter(() => node.peers().length >= count),
    ),
  )
