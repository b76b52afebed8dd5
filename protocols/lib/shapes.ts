// What text from outside is held to, once it is JSON: a test for each field that is read.

export type Validator = (value: unknown) => boolean
export type Shape = Readonly<Record<string, Validator>>

export const isString: Validator = (value) => typeof value === 'string'
export const isFlag: Validator = (value) => typeof value === 'boolean'
/** Whole, and not below 0. */
export const isNumber: Validator = (value) => Number.isSafeInteger(value) && (value as number) >= 0
export const maybe =
  (test: Validator): Validator =>
  (value) =>
    value === undefined || test(value)
export const listOf =
  (test: Validator): Validator =>
  (value) =>
    Array.isArray(value) && value.every(test)
export const shaped =
  (shape: Shape): Validator =>
  (value) =>
    isObject(value) && firstInvalid(value, shape) === undefined

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @returns the first field that is not as it should be */
export const firstInvalid = (fields: Readonly<Record<string, unknown>>, shape: Shape): string | undefined =>
  Object.entries(shape).find(([name, isFit]) => !isFit(fields[name]))?.[0]
