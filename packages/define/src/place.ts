import { joinPath, type Problem, quote } from "./problem.ts";

/**
 * A path as a definition writes it → relative to the workspace. `dir` is the directory of the definition. Undefined,
 * and a problem, when it is no path or leaves the workspace.
 */
export function workspacePath(
  text: unknown,
  at: { readonly dir: string; readonly path: string; readonly problems: Problem[] },
): string | undefined {
  const { dir, path, problems } = at;
  if (typeof text !== "string" || text === "" || text.includes("\0") || /\p{Surrogate}/u.test(text)) {
    const what =
      typeof text !== "string" ? "is no string" : text === "" ? "is empty" : "holds a character no path can have";
    problems.push({ path, text: `${what}, wanted a path of the workspace`, missing: text === undefined });
    return undefined;
  }
  if (text.startsWith("/") && !text.startsWith("//")) {
    const text2 = `${quote(text)} is an absolute path of the host`;
    const hint = `Write it relative to the definition, or as "/${text}" from the workspace`;
    problems.push({ path, text: `= ${text2}, wanted a path of the workspace`, hint, code: "path-escape" });
    return undefined;
  }
  const out = text.startsWith("//") || dir === "" ? [] : dir.split("/");
  for (const segment of text.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== ".." || out.length === 0 || out.at(-1) === "..") out.push(segment);
    else out.pop();
  }
  // A package above the workspace may use the API: its directory starts with ".." from the outset.
  if (out[0] === "..") {
    const hint = "Copy the file into the workspace, or move imgbuild.config.ts further up";
    problems.push({ path, text: `= ${quote(text)} leaves the workspace`, hint, code: "path-escape" });
    return undefined;
  }
  return out.join("/");
}

/** A destination inside an image, `/etc/motd` → `etc/motd`. Undefined, and a problem, when it is none. */
export function imagePath(
  text: string,
  at: { readonly path: string; readonly problems: Problem[] },
): string | undefined {
  const path = joinPath(at.path, text);
  const segments = text.split("/").slice(1);
  const clean = `/${segments.filter((segment) => segment !== "" && segment !== ".").join("/")}`;
  const fail = (what: string, hint?: string) => {
    at.problems.push({ path, text: what, hint });
    return undefined;
  };
  if (!text.startsWith("/"))
    return fail("is no absolute path", `Write it as ${quote(`/${text.replace(/^\.\//, "")}`)}`);
  if (/[\0]|\p{Surrogate}/u.test(text)) return fail("holds a character no path can have");
  if (segments.includes("..")) return fail('holds "..", wanted a plain path', "Write out the directory that is meant");
  if (clean !== text) return fail("is not normalised", `Write it as ${quote(clean)}`);
  if (segments.some((segment) => segment.startsWith(".wh."))) {
    return fail('has a name that starts with ".wh.", which means deletion in a layer');
  }
  return segments.join("/");
}
