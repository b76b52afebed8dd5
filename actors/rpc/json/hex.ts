// How JSON-RPC writes values: execution-apis, "Hex value encoding".

/** `0x`, and two digits a byte: by Node itself, for a block may have megabytes of them. */
export const data = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  `0x${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`

/** `0x`, and the digits that are needed. */
export const quantity = (value: bigint | number): string => `0x${value.toString(16)}`

export const optionalData = (bytes: Uint8Array | undefined): string | undefined => bytes && data(bytes)

export const optionalQuantity = (value: bigint | undefined): string | undefined =>
  value === undefined ? undefined : quantity(value)
