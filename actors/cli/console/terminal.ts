export type Terminal = { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream }
