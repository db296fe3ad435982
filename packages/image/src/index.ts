export type { ImageData, LayerData } from "./layer-data.ts";
export { layerBlob, layerPieces, layerTar, type Piece } from "./layer-form.ts";
