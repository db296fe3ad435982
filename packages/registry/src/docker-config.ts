import { ImgbuildError } from "@imgbuild/errors";

/** A user as a registry knows them. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Where the credentials for a registry are: in the config itself, or with a program `docker-credential-NAME`. */
export type CredentialSource =
  | { readonly kind: "known"; readonly credentials: Credentials }
  | { readonly kind: "helper"; readonly name: string; readonly server: string }
  | { readonly kind: "none" };

/** The name under which Docker keeps the credentials of its own registry. */
const DOCKER_HUB = "https://index.docker.io/v1/";

/**
 * What docker's config.json (`docker login`, docker-credential-helpers) says of a registry. `text` is the file, `name` its path for
 * messages. Throws `definition` for a file that is no JSON object.
 */
export function credentialSource(text: string, { host, name }: { readonly host: string; readonly name: string }) {
  const config = parse(text, name);
  const keys = host === "registry-1.docker.io" ? [DOCKER_HUB, "index.docker.io", "docker.io", host] : [host];
  const helpers = objectOf(config.credHelpers);
  for (const key of keys) {
    const helper = helpers[key];
    if (typeof helper === "string") return { kind: "helper", name: helper, server: key } satisfies CredentialSource;
  }
  const known = knownIn(objectOf(config.auths), keys);
  if (known !== undefined) return { kind: "known", credentials: known } satisfies CredentialSource;
  const [server = host] = keys;
  if (typeof config.credsStore === "string" && config.credsStore !== "")
    return { kind: "helper", name: config.credsStore, server } satisfies CredentialSource;
  return { kind: "none" } satisfies CredentialSource;
}

/** What a credential helper printed; undefined when it has nothing. */
export function parseHelperAnswer(text: string): Credentials | undefined {
  try {
    const { Username, Secret } = JSON.parse(text) as Record<string, unknown>;
    if (typeof Username !== "string" || typeof Secret !== "string") return undefined;
    return { username: Username, password: Secret };
  } catch {
    return undefined;
  }
}

function knownIn(auths: Readonly<Record<string, unknown>>, keys: readonly string[]): Credentials | undefined {
  for (const [server, entry] of Object.entries(auths)) {
    if (!keys.includes(server) && !keys.includes(server.replace(/^https?:\/\//, "").replace(/\/.*$/, ""))) continue;
    const { auth, username, password } = objectOf(entry);
    if (typeof username === "string" && typeof password === "string") return { username, password };
    if (typeof auth !== "string") continue;
    const decoded = Buffer.from(auth, "base64").toString("utf8");
    const colon = decoded.indexOf(":");
    if (colon > 0) return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
  }
  return undefined;
}

function parse(text: string, name: string): Readonly<Record<string, unknown>> {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, without a piece of the file: it holds passwords.
  }
  throw new ImgbuildError("definition", `Cannot read the credentials in "${name}": it is no JSON object`, {
    hint: "Correct it, or write it anew with `docker login`",
  });
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
