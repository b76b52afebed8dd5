/** @returns what `steps` comes to, for those who do not mind how long that takes */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
