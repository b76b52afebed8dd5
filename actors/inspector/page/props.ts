import type { Session } from './session.ts'

export type Props = { readonly session: Session }
