import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImgbuildError } from "@imgbuild/errors";
import {
  describeWithTools,
  type FaultServer,
  type ProxyServer,
  startFaultServer,
  startProxyServer,
} from "@imgbuild/testkit";
import { createFetcher, type Fetcher, type FetcherOptions } from "./index.ts";

const BASIC = `Basic ${Buffer.from("user:pass word").toString("base64")}`;

const closing: { close(): unknown }[] = [];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "imgbuild-fetch-"));
});

afterEach(async () => {
  for (const item of closing.splice(0).reverse()) await item.close();
  rmSync(directory, { recursive: true, force: true });
});

function kept<T extends { close(): unknown }>(item: T): T {
  closing.push(item);
  return item;
}

function fetcher(options: Partial<FetcherOptions>): Fetcher {
  const timing = { now: () => 0, random: () => 0, sleep: async () => undefined };
  return kept(createFetcher({ timing, retry: { rounds: 2 }, idleTimeoutMs: 2000, ...options }));
}

async function get(from: Fetcher, url: string): Promise<string> {
  const { path } = await from.download({ urls: [url], maxBytes: 100 }, { path: join(directory, "x") });
  return readFileSync(path, "utf8");
}

async function failure(work: Promise<unknown>): Promise<ImgbuildError> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: ImgbuildError) => error,
  );
}

describe("http through a proxy", () => {
  let server: FaultServer;
  let proxy: ProxyServer;

  beforeEach(async () => {
    server = kept(await startFaultServer({ "/x": "content" }));
    proxy = kept(await startProxyServer({ authorization: BASIC }));
  });

  test("asks it for the whole address, with its user and password", async () => {
    const http = proxy.url.replace("//", "//user:pass%20word@");
    expect(await get(fetcher({ proxy: { http } }), `http://mirror.test:${server.port}/x?q`)).toBe("content");
    expect(proxy.asked).toEqual([`GET http://mirror.test:${server.port}/x?q`]);
    expect(server.requests[0]?.headers).toMatchObject({ host: `mirror.test:${server.port}` });
    expect(server.requests[0]?.headers["proxy-authorization"]).toBeUndefined();
  });

  test("that wants a password is refused with a hint", async () => {
    const error = await failure(get(fetcher({ proxy: { http: proxy.url } }), `http://mirror.test:${server.port}/x`));
    expect(error).toMatchObject({ code: "refused", hint: expect.stringContaining("proxy") });
  });
});

describeWithTools(["openssl"], "https", () => {
  let server: FaultServer;
  let cert: string;

  beforeEach(async () => {
    const [certPath, keyPath] = [join(directory, "cert.pem"), join(directory, "key.pem")];
    const names = "subjectAltName=DNS:localhost,DNS:mirror.test";
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
        ...["-subj", "/CN=localhost", "-addext", names, "-keyout", keyPath, "-out", certPath],
      ],
      { stdio: "ignore" },
    );
    cert = readFileSync(certPath, "utf8");
    const tls = { cert, key: readFileSync(keyPath, "utf8") };
    server = kept(await startFaultServer({ "/x": "content" }, { tls }));
  });

  test("of an unknown authority is refused once, with a hint; with the authority it works", async () => {
    const error = await failure(get(fetcher({}), `${server.url}/x`));
    expect(error).toMatchObject({ code: "refused", hint: expect.stringContaining("cafile") });
    expect(await get(fetcher({ tls: { ca: cert } }), `${server.url}/x`)).toBe("content");
    expect(await get(fetcher({ tls: { ca: [cert] } }), `${server.url}/x`)).toBe("content");
    expect(await get(fetcher({ tls: { rejectUnauthorized: false } }), `${server.url}/x`)).toBe("content");
  });

  test("through a proxy is a tunnel that is used again, and the certificate is the server's", async () => {
    const proxy = kept(await startProxyServer({ authorization: BASIC }));
    const https = proxy.url.replace("//", "//user:pass%20word@");
    const one = fetcher({ proxy: { https }, tls: { ca: cert } });
    const url = `https://mirror.test:${server.port}/x`;
    expect([await get(one, url), await get(one, url)]).toEqual(["content", "content"]);
    expect(proxy.asked).toEqual([`CONNECT mirror.test:${server.port}`]);
    const stranger = fetcher({ proxy: { https }, tls: { ca: cert } });
    expect((await failure(get(stranger, `https://stranger.test:${server.port}/x`))).code).toBe("refused");
  });

  test("through a proxy that refuses is refused; through one that is gone is unavailable", async () => {
    const proxy = kept(await startProxyServer({ authorization: BASIC }));
    const url = `https://mirror.test:${server.port}/x`;
    const refused = await failure(get(fetcher({ proxy: { https: proxy.url } }), url));
    expect(refused).toMatchObject({ code: "refused", message: expect.stringContaining("the proxy answered 407") });
    await proxy.close();
    expect((await failure(get(fetcher({ proxy: { https: proxy.url } }), url))).code).toBe("unavailable");
  });

  test("does not follow a redirect to http", async () => {
    const plain = kept(await startFaultServer({ "/x": "content" }));
    server.fail("/a", { kind: "redirect", location: `${plain.url}/x` });
    const error = await failure(get(fetcher({ tls: { ca: cert } }), `${server.url}/a`));
    expect(error).toMatchObject({ code: "refused", message: expect.stringContaining("from https") });
    expect(plain.requests).toHaveLength(0);
  });
});

test("a redirect from elsewhere to this machine or its link is refused", async () => {
  const server = kept(await startFaultServer({ "/x": "content" }));
  const proxy = kept(await startProxyServer());
  const one = fetcher({ proxy: { http: proxy.url } });
  for (const host of ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "0.0.0.0", "[::]"]) {
    server.fail("/a", { kind: "redirect", location: `http://${host}:${server.port}/x` }, 1);
    const error = await failure(get(one, `http://mirror.test:${server.port}/a`));
    expect(error).toMatchObject({ code: "refused", message: expect.stringContaining("this machine") });
  }
});
