import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { ImgbuildError } from "@imgbuild/errors";
import { type FaultServer, startFaultServer } from "@imgbuild/testkit";
import { createFetcher, type DownloadRequest, type Fetcher, type FetcherOptions, type Progress } from "./index.ts";

const CONTENT = randomBytes(300_000);
const SHA256 = `sha256:${createHash("sha256").update(CONTENT).digest("hex")}`;
const SHA512 = `sha512-${createHash("sha512").update(CONTENT).digest("base64")}`;

let server: FaultServer;
let directory: string;
let waits: number[];
const open: Fetcher[] = [];

beforeEach(async () => {
  server = await startFaultServer({ "/x.tgz": CONTENT });
  directory = mkdtempSync(join(tmpdir(), "imgbuild-fetch-"));
  waits = [];
});

afterEach(async () => {
  for (const fetcher of open.splice(0)) fetcher.close();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

function fetcher(options: Partial<FetcherOptions> = {}): Fetcher {
  const timing = {
    now: () => Date.parse("2026-01-01T00:00:00Z"),
    sleep: async (ms: number) => {
      waits.push(ms);
    },
    random: () => 0,
  };
  const made = createFetcher({ timing, idleTimeoutMs: 400, ...options });
  open.push(made);
  return made;
}

function target(name = "x.tgz") {
  return { path: join(directory, name) };
}

function request(more: Partial<DownloadRequest> = {}): DownloadRequest {
  return { urls: [`${server.url}/x.tgz`], integrity: SHA512, maxBytes: 1_000_000, ...more };
}

async function failure(work: Promise<unknown>): Promise<ImgbuildError> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: ImgbuildError) => error,
  );
}

describe("a download", () => {
  test("puts the verified bytes at the path, and leaves nothing beside them", async () => {
    const done = await fetcher().download(request(), target("deep/x.tgz"));
    expect(readFileSync(done.path).equals(CONTENT)).toBe(true);
    expect(done).toEqual({ path: target("deep/x.tgz").path, size: CONTENT.length, sha256: SHA256 });
    expect(existsSync(`${done.path}.partial`) || existsSync(`${done.path}.partial.json`)).toBe(false);
  });

  test.each([SHA256, SHA512, `sha1-AAAA ${SHA512}`, `sha512-${"A".repeat(86)}== ${SHA512}`])(
    "accepts %s",
    async (integrity) => {
      expect((await fetcher().download(request({ integrity }), target())).size).toBe(CONTENT.length);
    },
  );

  test("reports how far it is, with the size", async () => {
    const seen: Progress[] = [];
    await fetcher().download(request({ onProgress: (progress) => seen.push(progress) }), target());
    expect(seen.at(-1)).toEqual({ url: `${server.url}/x.tgz`, received: CONTENT.length, total: CONTENT.length });
    expect(seen.map(({ received }) => received)).toEqual(
      [...seen.map(({ received }) => received)].sort((a, b) => a - b),
    );
  });

  test("of an empty file works", async () => {
    server.put("/empty", "");
    expect((await fetcher().download({ urls: [`${server.url}/empty`], maxBytes: 0 }, target())).size).toBe(0);
  });

  test("refuses a malformed hash before it asks anybody", async () => {
    const error = await failure(fetcher().download(request({ integrity: "sha256:abc" }), target()));
    expect(error).toMatchObject({ code: "definition", message: expect.stringContaining('"sha256:abc"') });
    expect(server.requests).toHaveLength(0);
  });

  test("uses one connection for many files", async () => {
    const one = fetcher();
    for (const name of ["a", "b", "c"]) await one.download(request(), target(name));
    expect(server.connections()).toBe(1);
  });
});

describe("wrong content", () => {
  test("names the wanted and the got hash, is asked for once, and leaves no file", async () => {
    server.fail("/x.tgz", { kind: "wrong-bytes" });
    const error = await failure(fetcher().download(request({ integrity: SHA256 }), target()));
    const wrong = Buffer.from(CONTENT);
    wrong[0] = (wrong[0] ?? 0) ^ 0xff;
    expect(error.code).toBe("integrity");
    expect(error.message).toContain(`wanted ${SHA256}, got sha256:${createHash("sha256").update(wrong).digest("hex")}`);
    expect(server.requests).toHaveLength(1);
    expect(existsSync(target().path)).toBe(false);
    expect(statSync(`${target().path}.partial`).size).toBe(0);
  });

  test("of one mirror is made good by the next", async () => {
    server.fail("/x.tgz", { kind: "wrong-bytes" });
    server.put("/good.tgz", CONTENT);
    const urls = [`${server.url}/x.tgz`, `${server.url}/good.tgz`];
    expect((await fetcher().download(request({ urls }), target())).sha256).toBe(SHA256);
  });

  test.each([
    ["more bytes than allowed, by its length", { maxBytes: 299_999 }, undefined],
    ["more bytes than allowed, without a length", { maxBytes: 299_999 }, { kind: "no-length" }],
    ["another size than wanted", { size: 300_001 }, undefined],
    ["more bytes than wanted, without a length", { size: 299_999 }, { kind: "no-length" }],
  ] as const)("%s is refused", async (_, more, fault) => {
    if (fault !== undefined) server.fail("/x.tgz", fault);
    const error = await failure(fetcher().download(request(more), target()));
    expect(error).toMatchObject({ code: "integrity", message: expect.stringMatching(/bytes/) });
    expect(existsSync(target().path)).toBe(false);
  });

  test("that the server encodes is taken as sent when a hash tells, and refused when none does", async () => {
    const encoded = { kind: "encoded", encoding: "gzip", body: gzipSync(CONTENT) } as const;
    server.fail("/x.tgz", encoded);
    const refused = await failure(fetcher().download({ urls: request().urls, maxBytes: 1_000_000 }, target()));
    expect(refused).toMatchObject({ code: "refused", message: expect.stringContaining("encoded as gzip") });
    const wrong = await failure(fetcher().download(request(), target()));
    expect(wrong).toMatchObject({ code: "integrity", message: expect.stringContaining("encoded as gzip") });
    const integrity = `sha256:${createHash("sha256").update(encoded.body).digest("hex")}`;
    expect((await fetcher().download(request({ integrity }), target())).size).toBe(encoded.body.length);
  });
});

describe("a passing fault", () => {
  test.each([
    ["5xx", { kind: "status", status: 503 }],
    ["a connection that is broken at once", { kind: "reset" }],
    ["a body that breaks off", { kind: "truncate", bytes: 60_000 }],
    ["silence", { kind: "stall", bytes: 1000 }],
  ] as const)("%s is tried again, with longer waits", async (_, fault) => {
    server.fail("/x.tgz", fault, 3);
    expect((await fetcher().download(request(), target())).sha256).toBe(SHA256);
    expect(waits).toEqual([500, 1000, 2000]);
  });

  test("chance takes up to half off a wait", async () => {
    server.fail("/x.tgz", { kind: "status", status: 500 }, 1);
    const timing = { now: () => 0, random: () => 0.5, sleep: async (ms: number) => void waits.push(ms) };
    await fetcher({ timing }).download(request(), target());
    expect(waits).toEqual([375]);
  });

  test("Retry-After is heeded, in seconds and as a date", async () => {
    server.fail("/x.tgz", { kind: "status", status: 429, headers: { "retry-after": "7" } }, 1);
    server.fail(
      "/x.tgz",
      { kind: "status", status: 503, headers: { "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" } },
      1,
    );
    await fetcher().download(request(), target());
    expect(waits).toEqual([7000, 9000]);
  });

  test("a Retry-After of an hour is an error, not a wait", async () => {
    server.fail("/x.tgz", { kind: "status", status: 429, headers: { "retry-after": "3600" } });
    const error = await failure(fetcher().download(request(), target()));
    expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining("in 3600 s") });
    expect(waits).toEqual([]);
  });

  test("that does not pass is `unavailable`, with the address and the number of tries", async () => {
    server.fail("/x.tgz", { kind: "status", status: 502 });
    const error = await failure(fetcher({ retry: { rounds: 3 } }).download(request(), target()));
    expect(error.code).toBe("unavailable");
    expect(error.message).toBe(`Cannot download "${server.url}/x.tgz": the server answered 502 (3 tries)`);
  });

  test("a server that is not there is `unavailable`", async () => {
    const gone = await startFaultServer();
    await gone.close();
    const error = await failure(fetcher({ retry: { rounds: 2 } }).download(request({ urls: [gone.url] }), target()));
    expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining("refused") });
  });
});

describe("a lasting refusal", () => {
  test.each([
    [404, "not-found"],
    [410, "not-found"],
    [401, "refused"],
    [403, "refused"],
    [418, "refused"],
  ])("%i is %s, without a second try", async (status, code) => {
    server.fail("/x.tgz", { kind: "status", status });
    const error = await failure(fetcher().download(request(), target()));
    expect(error).toMatchObject({ code, message: expect.stringContaining(String(status)) });
    expect(server.requests).toHaveLength(1);
    if (status === 401) expect(error.hint).toContain("credentials");
  });

  test("of all mirrors names each of them", async () => {
    const urls = [`${server.url}/a`, `${server.url}/b`];
    const error = await failure(fetcher().download(request({ urls }), target()));
    expect(error).toMatchObject({ code: "not-found", message: expect.stringMatching(/\/a": .*404; .*\/b": .*404/) });
  });

  test("of one mirror beside a passing fault of the other is `unavailable`", async () => {
    server.fail("/b", { kind: "status", status: 500 });
    const urls = [`${server.url}/a`, `${server.url}/b`];
    const error = await failure(fetcher({ retry: { rounds: 2 } }).download(request({ urls }), target()));
    expect(error.code).toBe("unavailable");
    expect(server.requests.map(({ url }) => url)).toEqual(["/a", "/b", "/b"]);
  });

  test.each(["file:///etc/passwd", "ftp://host/x", "nonsense"])("the address %s is refused", async (url) => {
    expect((await failure(fetcher().download(request({ urls: [url] }), target()))).code).toBe("refused");
  });

  test("no address at all is a clear error", async () => {
    expect((await failure(fetcher().download(request({ urls: [] }), target()))).code).toBe("definition");
  });
});

describe("going on from what is there", () => {
  test("a broken body is continued from its end, not fetched again", async () => {
    server.fail("/x.tgz", { kind: "truncate", bytes: 100_000 }, 1);
    await fetcher().download(request(), target());
    const [, second] = server.requests;
    expect(second?.headers.range).toBe("bytes=100000-");
    expect(second?.headers["if-range"]).toMatch(/^"/);
  });

  test("another process goes on where a cancelled one stopped", async () => {
    server.fail("/x.tgz", { kind: "stall", bytes: 120_000 }, 1);
    const controller = new AbortController();
    const onProgress = ({ received }: Progress) => received === 120_000 && controller.abort();
    const first = fetcher({ idleTimeoutMs: 5000 });
    const error = await failure(first.download(request({ signal: controller.signal, onProgress }), target()));
    expect(error.code).toBe("cancelled");
    first.close();
    expect((await fetcher().download(request(), target())).sha256).toBe(SHA256);
    expect(server.requests[1]?.headers.range).toBe("bytes=120000-");
  });

  test("a server that knows no ranges sends all, and the file is still right", async () => {
    server.fail("/x.tgz", { kind: "truncate", bytes: 100_000 }, 1);
    server.fail("/x.tgz", { kind: "no-range" });
    expect((await fetcher().download(request(), target())).sha256).toBe(SHA256);
  });

  test("a file that changed meanwhile is fetched anew", async () => {
    server.fail("/x.tgz", { kind: "truncate", bytes: 100_000 }, 1);
    const changed = randomBytes(200_000);
    const sleep = async () => void server.put("/x.tgz", changed);
    const timing = { now: () => 0, random: () => 0, sleep };
    const done = await fetcher({ timing }).download({ urls: request().urls, maxBytes: 1_000_000 }, target());
    expect(readFileSync(done.path).equals(changed)).toBe(true);
  });

  test("parts that do not belong together are thrown away and fetched once more", async () => {
    writeFileSync(`${target().path}.partial`, randomBytes(50_000));
    expect((await fetcher().download(request(), target())).sha256).toBe(SHA256);
    expect(server.requests.map(({ headers }) => headers.range)).toEqual(["bytes=50000-", undefined]);
  });

  test("a partial file that is longer than the file is thrown away", async () => {
    writeFileSync(`${target().path}.partial`, randomBytes(400_000));
    expect((await fetcher().download(request(), target())).sha256).toBe(SHA256);
  });

  test("a partial file that is already whole needs no server", async () => {
    writeFileSync(`${target().path}.partial`, CONTENT);
    await server.close();
    expect((await fetcher().download(request(), target())).sha256).toBe(SHA256);
  });

  test("without a hash and without a tag nothing is continued", async () => {
    writeFileSync(`${target().path}.partial`, CONTENT.subarray(0, 1000));
    await fetcher().download({ urls: request().urls, maxBytes: 1_000_000 }, target());
    expect(server.requests[0]?.headers.range).toBeUndefined();
  });

  test("another mirror goes on, when a hash will tell", async () => {
    const other = await startFaultServer({ "/x.tgz": CONTENT });
    server.fail("/x.tgz", { kind: "truncate", bytes: 100_000 });
    const urls = [`${server.url}/x.tgz`, `${other.url}/x.tgz`];
    expect((await fetcher().download(request({ urls }), target())).sha256).toBe(SHA256);
    expect(other.requests[0]?.headers).toMatchObject({ range: "bytes=100000-" });
    expect(other.requests[0]?.headers["if-range"]).toBeUndefined();
    await other.close();
  });
});

describe("many downloads", () => {
  test("of one address at once are one, also to several paths, and all hear of progress", async () => {
    const one = fetcher();
    let heard = 0;
    const names = ["a", "b", "a"];
    const all = await Promise.all(
      names.map((name) =>
        one.download(
          request({ onProgress: ({ received, total }) => (heard += received === total ? 1 : 0) }),
          target(name),
        ),
      ),
    );
    expect(server.requests).toHaveLength(1);
    expect(all.map(({ path }) => readFileSync(path).equals(CONTENT))).toEqual([true, true, true]);
    expect(heard).toBe(3);
  });

  test("one that cancels does not stop the other that waits for the same", async () => {
    server.fail("/x.tgz", { kind: "drip", bytes: 100_000, everyMs: 20 });
    const controller = new AbortController();
    const one = fetcher();
    const first = one.download(request({ signal: controller.signal, onProgress: () => controller.abort() }), target());
    const second = one.download(request(), target());
    expect((await failure(first)).code).toBe("cancelled");
    expect((await second).sha256).toBe(SHA256);
    expect(server.requests).toHaveLength(1);
  });

  test("a cancelled wait for a turn ends at once", async () => {
    server.fail("/x.tgz", { kind: "stall", bytes: 10 });
    const one = fetcher({ concurrency: 1, idleTimeoutMs: 5000 });
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const first = one.download(request({ signal: controller.signal, onProgress }), target("a"));
    const second = one.download(request({ signal: controller.signal, urls: [`${server.url}/y`] }), target("b"));
    expect([(await failure(first)).code, (await failure(second)).code]).toEqual(["cancelled", "cancelled"]);
    expect(server.requests).toHaveLength(1);
  });

  test("are no more at once than the limit", async () => {
    const one = fetcher({ concurrency: 2 });
    const urls = Array.from({ length: 6 }, (_, i) => `/f${i}`);
    for (const url of urls) {
      server.put(url, CONTENT);
      server.fail(url, { kind: "drip", bytes: 150_000, everyMs: 5 });
    }
    await Promise.all(urls.map((url, i) => one.download(request({ urls: [server.url + url] }), target(`${i}`))));
    expect(server.connections()).toBe(2);
  });
});

describe("a small document", () => {
  test("comes decoded, with its tag, and is not sent again unchanged", async () => {
    server.put("/doc", "hello");
    server.fail("/doc", { kind: "encoded", encoding: "gzip", body: gzipSync("hello") }, 1);
    const urls = [`${server.url}/doc`];
    const first = await fetcher().fetchBytes({ urls, maxBytes: 100 });
    expect(first).toMatchObject({ notModified: false, bytes: Buffer.from("hello") });
    const again = await fetcher().fetchBytes({ urls, maxBytes: 100, ifNoneMatch: first.etag ?? "" });
    expect(again).toMatchObject({ notModified: true, bytes: Buffer.alloc(0) });
  });

  test.each([undefined, "gzip"])("of more bytes than allowed is refused (encoding %s)", async (encoding) => {
    server.put("/doc", "x".repeat(5000));
    if (encoding !== undefined) server.fail("/doc", { kind: "encoded", encoding, body: gzipSync("x".repeat(5000)) });
    const error = await failure(fetcher().fetchBytes({ urls: [`${server.url}/doc`], maxBytes: 1000 }));
    expect(error).toMatchObject({ code: "integrity", message: expect.stringContaining("1000") });
  });

  test("is tried again after a passing fault", async () => {
    server.put("/doc", "hello");
    server.fail("/doc", { kind: "truncate", bytes: 2 }, 1);
    server.fail("/doc", { kind: "encoded", encoding: "gzip", body: Buffer.from("no gzip") }, 1);
    expect((await fetcher().fetchBytes({ urls: [`${server.url}/doc`], maxBytes: 10 })).bytes.toString()).toBe("hello");
  });

  test("that was cancelled before it began asks nobody", async () => {
    const signal = AbortSignal.abort();
    const error = await failure(fetcher().fetchBytes({ urls: [`${server.url}/x.tgz`], maxBytes: 1, signal }));
    expect(error.code).toBe("cancelled");
    expect(server.requests).toHaveLength(0);
  });
});
