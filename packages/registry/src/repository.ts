import { ImgbuildError } from "@imgbuild/errors";
import { type Address, answeredChallenge, answeredStatus, type Fetcher } from "@imgbuild/fetch";
import { type Digest, digestOf, MediaType } from "@imgbuild/oci";
import { type Challenge, parseChallenge } from "./challenge.ts";
import type { Credentials } from "./docker-config.ts";

/** How registries are reached. Whoever gives it closes the fetchers. */
export interface RegistryAccess {
  readonly fetcher: Fetcher;
  /** Like `fetcher`, for registries whose certificate is not checked. */
  readonly unverified: Fetcher;
  /** This user's credentials for a registry; undefined for none. */
  readonly credentials: (host: string) => Promise<Credentials | undefined>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Which repository. */
export interface RepositoryOptions {
  /** Undefined for Docker Hub. */
  readonly host: string | undefined;
  readonly repository: string;
  /** False reaches the host over https with any certificate, else over http. */
  readonly tlsVerify: boolean;
}

/** What a registry lets this user do. */
interface Grant {
  /** Of requests; undefined where none is wanted. */
  readonly header: string | undefined;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

const DOCKER_HUB = "registry-1.docker.io";
const MANIFESTS = [
  MediaType.ociIndex,
  MediaType.dockerManifestList,
  MediaType.ociManifest,
  MediaType.dockerManifest,
].join(", ");
const MAX_DOCUMENT = 8 << 20;
const MAX_TOKEN = 1 << 20;
/** Seconds that a token is good for when its giver does not say (distribution spec, token.md). */
const TOKEN_SECONDS = 60;

/**
 * The contents of one repository of a registry, by digest (OCI distribution spec, "Pull"). Asks for a token when the registry
 * wants one, as this user or as nobody, and again before it ends. Registries of this machine are reached over http.
 */
export class Repository {
  readonly #access: RegistryAccess;
  readonly #bases: readonly string[];
  readonly #host: string;
  readonly #repository: string;
  readonly #fetcher: Fetcher;
  /** Undefined before the registry was asked; `header` undefined when it wants none. */
  #grant: Grant | undefined;

  constructor(access: RegistryAccess, { host = DOCKER_HUB, repository, tlsVerify }: RepositoryOptions) {
    this.#access = access;
    this.#host = host;
    this.#repository = host === DOCKER_HUB && !repository.includes("/") ? `library/${repository}` : repository;
    const schemes = isHere(host) ? ["http"] : tlsVerify ? ["https"] : ["https", "http"];
    this.#bases = schemes.map((scheme) => `${scheme}://${host}/v2/${this.#repository}`);
    this.#fetcher = tlsVerify ? access.fetcher : access.unverified;
  }

  /** What downloads of blobs of this repository go through. */
  get fetcher(): Fetcher {
    return this.#fetcher;
  }

  /** A manifest or index, verified. Throws `not-found`, `refused`, `unavailable`, `integrity`, `cancelled`. */
  async manifest(digest: Digest, signal: AbortSignal): Promise<Buffer> {
    const urls = await this.#addresses(`manifests/${digest}`, digest, signal);
    const bytes = await this.#document({ urls, accept: MANIFESTS, signal });
    const got = digestOf(bytes);
    if (got === digest) return bytes;
    throw new ImgbuildError(
      "integrity",
      `Cannot use the manifest that "${this.#host}" has of "${this.#repository}": wanted ${digest}, got ${got}`,
      { hint: "Do not trust where it came from; correct imageDigest if the image was replaced on purpose" },
    );
  }

  /** Where a blob is, with what this user may show. `manifest` is one that is known to be there. */
  blobAddresses(digest: Digest, manifest: Digest, signal: AbortSignal): Promise<readonly Address[]> {
    return this.#addresses(`blobs/${digest}`, manifest, signal);
  }

  async #addresses(path: string, manifest: Digest, signal: AbortSignal): Promise<readonly Address[]> {
    const now = this.#access.now();
    const grant =
      this.#grant !== undefined && now < this.#grant.until ? this.#grant : await this.#ask(manifest, signal);
    this.#grant = grant;
    const { header } = grant;
    return this.#bases.map((base) => {
      const url = `${base}/${path}`;
      return header === undefined ? url : { url, headers: { authorization: header } };
    });
  }

  /** Asks for a manifest without credentials: the answer says what is wanted. */
  async #ask(manifest: Digest, signal: AbortSignal): Promise<Grant> {
    try {
      await this.#document({
        urls: this.#bases.map((base) => `${base}/manifests/${manifest}`),
        accept: MANIFESTS,
        signal,
      });
      return { header: undefined, until: Number.POSITIVE_INFINITY };
    } catch (error) {
      const challenge = parseChallenge(answeredChallenge(error) ?? "");
      if (answeredStatus(error) !== 401 || challenge === undefined) throw error;
      return this.#answer(challenge, signal);
    }
  }

  async #answer(challenge: Challenge, signal: AbortSignal): Promise<Grant> {
    const credentials = await this.#access.credentials(this.#host);
    const basic = credentials === undefined ? undefined : basicOf(credentials);
    if (challenge.scheme === "basic" && basic !== undefined) return { header: basic, until: Number.POSITIVE_INFINITY };
    const realm = challenge.parameters.get("realm");
    if (challenge.scheme !== "bearer" || realm === undefined || !URL.canParse(realm)) throw this.#needsLogin();
    const url = new URL(realm);
    const service = challenge.parameters.get("service");
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.set("scope", `repository:${this.#repository}:pull`);
    const address = basic === undefined ? url.href : { url: url.href, headers: { authorization: basic } };
    const bytes = await this.#fetcher
      .fetchBytes({ urls: [address], maxBytes: MAX_TOKEN, signal })
      .catch((error: unknown) => {
        throw answeredStatus(error) === 401 ? this.#needsLogin() : error;
      });
    return this.#grantOf(bytes.bytes);
  }

  #grantOf(bytes: Buffer): Grant {
    const answer = parseToken(bytes.toString("utf8"));
    const token = answer.token ?? answer.access_token;
    if (typeof token !== "string" || token === "") throw this.#needsLogin();
    const seconds = typeof answer.expires_in === "number" ? answer.expires_in : TOKEN_SECONDS;
    // Used to four fifths: clocks differ, and a download takes its time to begin.
    return { header: `Bearer ${token}`, until: this.#access.now() + seconds * 800 };
  }

  async #document(request: {
    readonly urls: readonly Address[];
    readonly accept: string;
    readonly signal: AbortSignal;
  }): Promise<Buffer> {
    return (await this.#fetcher.fetchBytes({ ...request, maxBytes: MAX_DOCUMENT })).bytes;
  }

  #needsLogin(): ImgbuildError {
    return new ImgbuildError(
      "refused",
      `Cannot read "${this.#repository}" at "${this.#host}": the registry wants to know who asks`,
      {
        hint: `Log in with \`docker login ${this.#host}\`; its config.json and credential helpers are read`,
      },
    );
  }
}

function basicOf({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function parseToken(text: string): {
  readonly token?: unknown;
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
} {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    return {};
  }
}

/** Whether a registry is on this machine: Docker, too, speaks http to it. */
function isHere(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(host);
}
