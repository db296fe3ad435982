/** A JSON value. Numbers are finite; objects have string keys. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
