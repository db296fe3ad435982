import type { Caller } from "./call.ts";
import { makeDirectory, makeLink, makeText } from "./files.ts";
import { protocolsText, servicesText } from "./iana.ts";
import { readOptions } from "./options.ts";
import { describeValue } from "./plain.ts";
import { joinPath, type Problem, throwProblems } from "./problem.ts";
import type { SourceLike, Value } from "./source.ts";
import { makeTree } from "./unions.ts";

/** Options of {@link DefinitionApi.caCertificates}. */
export interface CaCertificatesOptions {
  /** The bundle: a file of certificates in PEM form. */
  readonly bundle: SourceLike;
}

/** Options of {@link DefinitionApi.fakeNss}. */
export interface FakeNssOptions {
  /** More lines of `/etc/passwd`, such as `app:x:1000:1000::/app:/bin/sh`. */
  readonly extraPasswdLines?: readonly string[];
  /** More lines of `/etc/group`, such as `app:x:1000:`. */
  readonly extraGroupLines?: readonly string[];
}

/** Options of {@link DefinitionApi.binSh}. */
export interface BinShOptions {
  /** An absolute path of the image, for a link, or the program itself. Default `/bin/bash`. */
  readonly shell?: SourceLike;
}

/** Options of {@link DefinitionApi.usrBinEnv}. */
export interface UsrBinEnvOptions {
  /** An absolute path of the image, for a link, or the program itself. Default `/bin/env`. */
  readonly env?: SourceLike;
}

/** Options of {@link DefinitionApi.ianaEtc}. */
export interface IanaEtcOptions {
  /** The file `/etc/protocols`. Default the well-known ones. */
  readonly protocols?: SourceLike;
  /** The file `/etc/services`. Default the well-known ones. */
  readonly services?: SourceLike;
}

/** {@link DefinitionApi.caCertificates}. */
export function makeCaCertificates(caller: Caller, options: unknown): Value<"tree"> {
  const problems: Problem[] = [];
  const { bundle } = readOptions(options, ["bundle"], problems);
  if (bundle === undefined && problems.length === 0) {
    problems.push({ path: "bundle", text: "is missing, wanted the path of a file of certificates" });
  }
  throwProblems("Cannot place CA certificates", problems);
  return makeTree(caller, {
    "/etc/pki/tls/certs/ca-bundle.crt": makeLink(caller, "/etc/ssl/certs/ca-certificates.crt"),
    "/etc/ssl/certs/ca-bundle.crt": makeLink(caller, "ca-certificates.crt"),
    "/etc/ssl/certs/ca-certificates.crt": bundle,
  });
}

const PASSWD = ["root:x:0:0:root user:/var/empty:/bin/sh", "nobody:x:65534:65534:nobody:/var/empty:/bin/sh"];
const GROUP = ["root:x:0:", "nobody:x:65534:"];

/** {@link DefinitionApi.fakeNss}. */
export function makeFakeNss(caller: Caller, options: unknown = {}): Value<"tree"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ["extraPasswdLines", "extraGroupLines"], problems);
  const users = readLines(given.extraPasswdLines, {
    path: "extraPasswdLines",
    problems,
    example: "app:x:1000:1000::/app:/bin/sh",
  });
  const groups = readLines(given.extraGroupLines, { path: "extraGroupLines", problems, example: "app:x:1000:" });
  throwProblems("Cannot make the files of fakeNss", problems);
  return makeTree(caller, {
    "/etc/group": makeText(caller, `${[...GROUP, ...groups].join("\n")}\n`),
    "/etc/nsswitch.conf": makeText(caller, "hosts: files dns\n"),
    "/etc/passwd": makeText(caller, `${[...PASSWD, ...users].join("\n")}\n`),
    "/var/empty": makeDirectory(caller),
  });
}

/** Lines with as many fields as the example. */
function readLines(
  value: unknown,
  at: { readonly path: string; readonly problems: Problem[]; readonly example: string },
): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    at.problems.push({ path: at.path, text: `is ${describeValue(value)}, wanted an array of lines` });
    return [];
  }
  const fields = at.example.split(":").length;
  return Array.from(value as unknown[], (line, i) => {
    const text = typeof line === "string" ? line.replace(/\n$/, "") : "";
    if (text.split(":").length === fields && !/[\0\n]/.test(text) && !text.startsWith(":")) return text;
    const problem = `is ${describeValue(line)}, wanted a line of ${fields} fields such as ${JSON.stringify(at.example)}`;
    at.problems.push({ path: joinPath(at.path, i), text: problem, missing: line === undefined });
    return "";
  });
}

/** {@link DefinitionApi.binSh}. */
export function makeBinSh(caller: Caller, options: unknown = {}): Value<"tree"> {
  const problems: Problem[] = [];
  const { shell = "/bin/bash" } = readOptions(options, ["shell"], problems);
  throwProblems("Cannot place /bin/sh", problems);
  return placeProgram(caller, "/bin/sh", shell);
}

/** {@link DefinitionApi.usrBinEnv}. */
export function makeUsrBinEnv(caller: Caller, options: unknown = {}): Value<"tree"> {
  const problems: Problem[] = [];
  const { env = "/bin/env" } = readOptions(options, ["env"], problems);
  throwProblems("Cannot place /usr/bin/env", problems);
  return placeProgram(caller, "/usr/bin/env", env);
}

/** Text that begins with one slash is a place in the image: a link to it. */
function placeProgram(caller: Caller, destination: string, program: unknown): Value<"tree"> {
  const isPlace = typeof program === "string" && /^\/[^/]/.test(program);
  if (isPlace && program !== destination) return makeTree(caller, { [destination]: makeLink(caller, program) });
  if (!isPlace) return makeTree(caller, { [destination]: program }, { mode: 0o755 });
  const text = `= ${JSON.stringify(program)} is the link's own place, wanted the program that it leads to`;
  const problems: Problem[] = [{ path: "", text }];
  throwProblems(`Cannot place ${destination}`, problems);
  return makeTree(caller, {});
}

/** {@link DefinitionApi.ianaEtc}. */
export function makeIanaEtc(caller: Caller, options: unknown = {}): Value<"tree"> {
  const problems: Problem[] = [];
  const given = readOptions(options, ["protocols", "services"], problems);
  throwProblems("Cannot place the files of ianaEtc", problems);
  return makeTree(caller, {
    "/etc/protocols": given.protocols ?? makeText(caller, protocolsText()),
    "/etc/services": given.services ?? makeText(caller, servicesText()),
  });
}
