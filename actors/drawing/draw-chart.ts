import type { AnyStateMachine } from 'xstate'
import { drawingOf } from './layout.ts'
import { renderDrawing } from './svg.ts'

/**
 * @param machine one of ours, or your own
 * @returns its picture as an SVG file, on light and on dark: every state, transition, guard, delay and effect by name
 * @throws (rejects) {Error} ELK's own, should it find no place for something
 */
export const drawChart = async (machine: AnyStateMachine): Promise<string> =>
  renderDrawing(await drawingOf(machine), { isAlone: true })
