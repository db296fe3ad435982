import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { ImgbuildError } from "@imgbuild/errors";
import { type FaultServer, startFaultServer } from "@imgbuild/testkit";
import { createFetcher, type Fetcher } from "./index.ts";

const SECRET = "canary-7f3a";
const TOKEN = { authorization: `Bearer ${SECRET}`, "x-token": SECRET };

let home: FaultServer;
let other: FaultServer;
let fetcher: Fetcher;
let directory: string;

beforeEach(async () => {
  home = await startFaultServer({ "/x": "content" });
  other = await startFaultServer({ "/x": "content" });
  directory = mkdtempSync(join(tmpdir(), "imgbuild-fetch-"));
  const timing = { now: () => 0, random: () => 0, sleep: async () => undefined };
  fetcher = createFetcher({ timing, retry: { rounds: 2 } });
});

afterEach(async () => {
  fetcher.close();
  await Promise.all([home.close(), other.close()]);
  rmSync(directory, { recursive: true, force: true });
});

function get(url: string, headers: Record<string, string> = TOKEN) {
  return fetcher.download({ urls: [{ url, headers }], maxBytes: 100 }, { path: join(directory, "x") });
}

async function failure(work: Promise<unknown>): Promise<ImgbuildError> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: ImgbuildError) => error,
  );
}

test("headers reach their own host, also after a redirect on it", async () => {
  home.fail("/a", { kind: "redirect", location: "/x" });
  await get(`${home.url}/a`);
  expect(home.requests.map(({ headers }) => headers.authorization)).toEqual([TOKEN.authorization, TOKEN.authorization]);
});

test("headers do not follow a redirect to another host, nor do user and password of the address", async () => {
  home.fail("/a", { kind: "redirect", location: `${other.url}/x` });
  await get(`${home.url}/a`);
  await get(`${home.url.replace("//", `//user:${SECRET}@`)}/a`, {});
  expect(other.requests).toHaveLength(2);
  expect(JSON.stringify(other.requests)).not.toContain(SECRET);
  expect(home.requests[1]?.headers.authorization).toBe(`Basic ${Buffer.from(`user:${SECRET}`).toString("base64")}`);
});

test("headers of one mirror are not sent to the next", async () => {
  const urls = [{ url: `${home.url}/missing`, headers: TOKEN }, `${other.url}/x`];
  await fetcher.download({ urls, maxBytes: 100 }, { path: join(directory, "x") });
  expect(JSON.stringify(other.requests)).not.toContain(SECRET);
});

test("an error shows no user, password, query, or header", async () => {
  home.fail("/x", { kind: "status", status: 503 });
  const url = `${home.url.replace("//", `//user:${SECRET}@`)}/x?signature=${SECRET}`;
  const error = await failure(get(url));
  expect(error.message).toContain(`${home.url}/x?…`);
  expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
});

test("nothing secret is written beside a partial file", async () => {
  home.fail("/x", { kind: "truncate", bytes: 3 });
  await failure(get(`${home.url}/x?signature=${SECRET}`));
  const written = readdirSync(directory).map((name) => readFileSync(join(directory, name), "utf8"));
  expect(written).toHaveLength(2);
  expect(written.join()).not.toContain(SECRET);
});

test("a 401 is refused with a hint, and the right header is let in", async () => {
  home.fail("/x", { kind: "needs-authorization", authorization: TOKEN.authorization });
  expect(await failure(get(`${home.url}/x`, {}))).toMatchObject({
    code: "refused",
    hint: expect.stringContaining(".npmrc"),
  });
  expect((await get(`${home.url}/x`)).size).toBe(7);
});

test("redirects in a circle end", async () => {
  home.fail("/a", { kind: "redirect", location: "/a" });
  const error = await failure(get(`${home.url}/a`));
  expect(error).toMatchObject({ code: "refused", message: expect.stringContaining("more than 10 times") });
  expect(home.requests).toHaveLength(11);
});

test.each(["file:///etc/passwd", "http://", "javascript:1"])("a redirect to %s is refused", async (location) => {
  home.fail("/a", { kind: "redirect", location });
  expect((await failure(get(`${home.url}/a`))).code).toBe("refused");
});
