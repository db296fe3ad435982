import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dockerEndpoint } from "./docker-endpoint.ts";

const home = mkdtempSync(join(tmpdir(), "imgbuild-docker-"));
const config = join(home, ".docker");
afterEach(() => rmSync(config, { recursive: true, force: true }));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function write(path: string, content: string | object): void {
  mkdirSync(dirname(join(config, path)), { recursive: true });
  writeFileSync(join(config, path), typeof content === "string" ? content : JSON.stringify(content));
}

function addContext(name: string, address: string): string {
  const id = createHash("sha256").update(name).digest("hex");
  write(`contexts/meta/${id}/meta.json`, { Name: name, Endpoints: { docker: { Host: address } } });
  return id;
}

const endpoint = (env: Readonly<Record<string, string>> = {}) => dockerEndpoint({ env: { HOME: home, ...env } });
const USUAL = { address: "unix:///var/run/docker.sock", tls: undefined };

test("the usual socket, when nothing says otherwise", () => {
  expect(endpoint()).toEqual(USUAL);
});

test("DOCKER_HOST comes before every context", () => {
  addContext("remote", "tcp://far:2375");
  write("config.json", { currentContext: "remote" });
  expect(endpoint({ DOCKER_HOST: "unix:///other.sock", DOCKER_CONTEXT: "remote" }).address).toBe("unix:///other.sock");
});

test("the current context of the configuration, unless DOCKER_CONTEXT names another", () => {
  addContext("one", "unix:///one.sock");
  addContext("two", "unix:///two.sock");
  write("config.json", { currentContext: "one" });
  expect(endpoint().address).toBe("unix:///one.sock");
  expect(endpoint({ DOCKER_CONTEXT: "two" }).address).toBe("unix:///two.sock");
  expect(endpoint({ DOCKER_CONTEXT: "default" })).toEqual(USUAL);
});

test("another configuration directory by DOCKER_CONFIG", () => {
  addContext("one", "unix:///one.sock");
  write("config.json", { currentContext: "one" });
  expect(dockerEndpoint({ env: { HOME: "/nowhere", DOCKER_CONFIG: config } }).address).toBe("unix:///one.sock");
});

test("certificates of a context, and those of DOCKER_TLS_VERIFY", () => {
  const id = addContext("safe", "tcp://far:2376");
  write(`contexts/tls/${id}/docker/ca.pem`, "CA");
  write(`contexts/tls/${id}/docker/key.pem`, "KEY");
  expect(endpoint({ DOCKER_CONTEXT: "safe" }).tls).toEqual({ ca: "CA", key: "KEY" });
  write("certs/cert.pem", "CERT");
  const env = { DOCKER_HOST: "tcp://far:2376", DOCKER_CERT_PATH: join(config, "certs") };
  expect(endpoint({ ...env, DOCKER_TLS_VERIFY: "1" }).tls).toEqual({ cert: "CERT" });
  expect(endpoint(env).tls).toBeUndefined();
});

test("a context that is not there is an error, not another daemon", () => {
  expect(() => endpoint({ DOCKER_CONTEXT: "gone" })).toThrow(
    expect.objectContaining({
      code: "usage",
      message: 'Cannot use the Docker context "gone": there is none of that name',
    }),
  );
});

test("a configuration that is no JSON says nothing", () => {
  write("config.json", "{");
  expect(endpoint()).toEqual(USUAL);
});
