import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findTool } from "./tools.ts";

/** A request that the registry got. */
interface RegistryRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** The registry of Debian's docker-registry, behind a gate that counts and may ask for tokens. */
export interface DockerRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Requests through the gate, oldest first. */
  readonly requests: RegistryRequest[];
  /** From now on only who has this user's token is let in; undefined for everybody. */
  requireUser(user: { readonly name: string; readonly password: string } | undefined): void;
  /** Copies the image or index of an OCI layout into it, as `skopeo copy` does, and gives its digest. */
  push(layout: string, repository: string): string;
  /** Changes the bytes of a blob where the registry keeps it. */
  tamper(digest: string): void;
  stop(): Promise<void>;
}

const TOKEN = "a-token-for-tests";

/** Starts a registry on loopback. The caller stops it. */
export async function startDockerRegistry(): Promise<DockerRegistry> {
  const directory = mkdtempSync(join(tmpdir(), "imgbuild-registry-"));
  const inner = await freePort();
  const registry = await startRegistry(directory, inner);
  const requests: RegistryRequest[] = [];
  let user: { readonly name: string; readonly password: string } | undefined;
  const gate = http.createServer((request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const note = (status: number): void => void requests.push({ method, path: url, status });
    if (url.startsWith("/token?")) {
      const wanted = `Basic ${Buffer.from(`${user?.name}:${user?.password}`).toString("base64")}`;
      const good = headers.authorization === wanted;
      note(good ? 200 : 401);
      response.writeHead(good ? 200 : 401).end(good ? JSON.stringify({ token: TOKEN, expires_in: 300 }) : "");
    } else if (user !== undefined && headers.authorization !== `Bearer ${TOKEN}`) {
      note(401);
      const realm = `http://${headers.host}/token`;
      response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",service="tests"` }).end();
    } else {
      const on = http.request({ port: inner, method, path: url, headers }, (answer) => {
        note(answer.statusCode ?? 0);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      on.on("error", () => response.destroy());
      request.pipe(on);
    }
  });
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(gate.address() as AddressInfo).port}`;
  return {
    host,
    requests,
    requireUser: (wanted) => {
      user = wanted;
    },
    push: (layout, repository) => push(layout, `127.0.0.1:${inner}/${repository}`, directory),
    tamper(digest) {
      const hex = digest.slice("sha256:".length);
      const blob = join(directory, "data/docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
      const bytes = readFileSync(blob);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(blob, bytes);
    },
    async stop() {
      gate.closeAllConnections();
      await new Promise((resolve) => gate.close(resolve));
      registry.kill("SIGTERM");
      if (registry.exitCode === null) await new Promise((resolve) => registry.once("exit", resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function startRegistry(directory: string, port: number): Promise<ChildProcess> {
  mkdirSync(join(directory, "data"));
  const config = join(directory, "config.yml");
  const text = [
    "version: 0.1",
    "log: { level: error }",
    `storage: { filesystem: { rootdirectory: ${JSON.stringify(join(directory, "data"))} } }`,
    `http: { addr: "127.0.0.1:${port}" }`,
  ];
  writeFileSync(config, `${text.join("\n")}\n`);
  const child = spawn(findTool("docker-registry") ?? "docker-registry", ["serve", config], { stdio: "ignore" });
  for (let i = 0; i < 200; i++) {
    const up = await fetch(`http://127.0.0.1:${port}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return child;
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  child.kill("SIGKILL");
  throw new Error("docker-registry did not start");
}

function push(layout: string, target: string, directory: string): string {
  const file = join(directory, "digest");
  const flags = ["--all", "--dest-tls-verify=false", "--digestfile", file, "--insecure-policy"];
  const args = ["copy", ...flags, `oci:${layout}`, `docker://${target}`];
  const { status, stderr } = spawnSync(findTool("skopeo") ?? "skopeo", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`skopeo copy: ${stderr} (${readdirSync(layout).join(" ")})`);
  return readFileSync(file, "utf8").trim();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = http.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
