import { ImgbuildError } from "@imgbuild/errors";

/** A link that may not be followed; `what` says why. */
export function linkEscapes(path: string, what: string): ImgbuildError {
  return new ImgbuildError("path-escape", `Cannot follow the link "${path}": ${what}`, {
    hint: "Leave it out with exclude, or store it as a link with follow: false",
  });
}

/** A name that no string can hold. */
export function badName(path: string): ImgbuildError {
  return new ImgbuildError("input-unreadable", `Cannot pack "${path}": its name is not valid UTF-8`, {
    hint: "Rename it, or leave it out with exclude",
  });
}

/** A link to nothing. */
export function brokenLink(path: string): ImgbuildError {
  return new ImgbuildError("input-missing", `Cannot follow the link "${path}": what it points to does not exist`, {
    hint: "Mend the link, leave it out with exclude, or store it as a link with follow: false",
  });
}

/** A file that is none of those a layer holds. */
export function notPackable(path: string): ImgbuildError {
  return new ImgbuildError(
    "input-unreadable",
    `Cannot pack "${path}": it is a socket, pipe or device, wanted a file, directory or link`,
    {
      hint: "Leave it out with exclude",
    },
  );
}
