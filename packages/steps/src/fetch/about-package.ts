import { ImgbuildError } from "@imgbuild/errors";

/** An error that says for what package it was: those of downloads name an address alone. `title` is `name version`. */
export function aboutPackage(error: ImgbuildError, title: string): ImgbuildError {
  if (error.message.includes(title) || error.code === "cancelled") return error;
  const { hint, position, cause, related } = error;
  const message = `Cannot get the package "${title}": ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
  return new ImgbuildError(error.code, message, { hint, position, cause, related });
}
