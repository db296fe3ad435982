export type { Codec } from "./codec.ts";
export type { TarHeader, TarType } from "./tar-header.ts";
