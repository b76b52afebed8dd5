/** Ports whose effects come to nothing: for charts that are asked what they would do. */
export const noPorts = new Proxy({}, { get: () => () => {} }) as never
