import type { Attack } from './attack.ts'
import { bombs } from './attacks/bombs.ts'
import { dials } from './attacks/dials.ts'
import { floods } from './attacks/floods.ts'
import { framing } from './attacks/framing.ts'
import { handshakes } from './attacks/handshakes.ts'
import { numbers } from './attacks/numbers.ts'

/** What hostile peers do. The same attacks are made on geth, which shows that what is expected of a node is what geth does. */
export const attacks: readonly Attack[] = [...dials, ...handshakes, ...framing, ...bombs, ...numbers, ...floods]
