import { repoTag } from "@imgbuild/image";

/** The form in which the daemon lists a name: without Docker Hub's host and `library/`. */
export function familiarName(reference: string): string {
  return repoTag(reference)
    .replace(/^(?:index\.)?docker\.io\//, "")
    .replace(/^library\//, "");
}

/** The repository of a reference in that form. */
export function repositoryOf(reference: string): string {
  const name = familiarName(reference);
  return name.slice(0, name.lastIndexOf(":"));
}
