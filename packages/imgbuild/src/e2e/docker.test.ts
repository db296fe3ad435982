import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type CliResult, type Dockerd, describeWithTools, findTool, startCli, startDockerd } from "@imgbuild/testkit";

const ROOT = resolve(__dirname, "../../../..");

describeWithTools(["dockerd", "docker", "nsenter"], "the example workspace and Docker", () => {
  let docker: Dockerd;
  let cache: string;
  const containers: string[] = [];

  beforeAll(async () => {
    docker = await startDockerd();
    cache = mkdtempSync(join(tmpdir(), "imgbuild-example-"));
  });
  afterAll(async () => {
    for (const id of containers) docker?.docker(["rm", "--force", id]);
    await docker?.stop();
    rmSync(cache, { recursive: true, force: true });
  });

  /** Runs the command line in this repository, with a cache of its own. */
  function imgbuild(...args: readonly string[]): Promise<CliResult> {
    const env = { DOCKER_HOST: docker.host, IMGBUILD_CACHE_DIR: cache, HOME: cache };
    return startCli(args, { cwd: ROOT, env }).ended;
  }

  async function load(label: string): Promise<{ reference: string; sent: number; skipped: number; imageId: string }> {
    const { code, events, stderr } = await imgbuild("load", label, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const delivered = events.find((event) => event.type === "deliver.done");
    const done = events.find((event) => event.type === "target.done");
    return {
      reference: String(done?.reference),
      imageId: String(done?.digest),
      sent: Number(delivered?.layersSent),
      skipped: Number(delivered?.layersSkipped),
    };
  }

  async function tagOf(label: string): Promise<string> {
    return (await imgbuild("tag", label)).stdout.trim();
  }

  /** Starts a container, waits until it serves, and gives what it answers to each path. */
  async function serve(reference: string, paths: readonly string[]): Promise<string[]> {
    // The daemon of the tests has no bridge: the container is asked inside its own network.
    const started = docker.docker(["run", "--detach", "--network", "none", reference]);
    expect(started.stderr).toBe("");
    const id = started.stdout.trim();
    containers.push(id);
    const pid = docker.docker(["inspect", "--format", "{{.State.Pid}}", id]).stdout.trim();
    const ask = "fetch('http://127.0.0.1:8080' + path).then(async (r) => r.status + ' ' + (await r.text()))";
    const script = `Promise.all(${JSON.stringify(paths)}.map((path) => ${ask})).then((all) => console.log(JSON.stringify(all)))`;
    for (let attempt = 0; attempt < 100; attempt++) {
      const enter = ["-t", pid, "-n", process.execPath, "-e", script];
      const asked = spawnSync(findTool("nsenter") ?? "", enter, { encoding: "utf8" });
      if (asked.status === 0) return JSON.parse(asked.stdout) as string[];
      await sleep(100);
    }
    throw new Error(`The container does not answer: ${docker.docker(["logs", id]).stderr}`);
  }

  test("the image is loaded and answers over HTTP with the page", async () => {
    const { reference, imageId } = await load("//images/site");
    const [page, style, missing] = await serve(reference, ["/", "/style.css", "/nowhere"]);
    expect(page).toContain("200 <!doctype html>");
    expect(page).toContain("<h1>An image from a definition</h1>");
    expect(style).toContain("200 :root");
    expect(missing).toContain("404 ");
    expect(docker.docker(["inspect", "--format", "{{.Id}}", reference]).stdout.trim()).toBe(imageId);
  });

  test("a second load sends nothing", async () => {
    await load("//images/site");
    expect(await load("//images/site")).toMatchObject({ sent: 0, skipped: 1 });
  });

  test("an image on top of it is sent without the layers it shares, and serves the pages of both", async () => {
    await load("//images/site");
    const { reference, sent, skipped } = await load("//images/site-docs");
    expect({ sent, skipped }).toEqual({ sent: 1, skipped: 1 });
    const [page, docs] = await serve(reference, ["/", "/docs/"]);
    expect(page).toContain("<h1>An image from a definition</h1>");
    expect(docs).toContain("<h1>Documentation</h1>");
    const layers = (name: string): string[] =>
      JSON.parse(docker.docker(["inspect", "--format", "{{json .RootFS.Layers}}", name]).stdout) as string[];
    expect(layers(reference).slice(0, 1)).toEqual(layers(`site:${await tagOf("//images/site")}`));
  });

  test("the user of the image is not root, and the base gives the config that was asked for", async () => {
    const { reference } = await load("//images/site-docs");
    const config = docker.docker(["inspect", "--format", "{{json .Config}}", reference]);
    expect(JSON.parse(config.stdout)).toMatchObject({
      User: "65532:65532",
      ExposedPorts: { "8080/tcp": {} },
      Labels: { "org.opencontainers.image.title": "site-docs" },
    });
  });

  test("what stream writes, docker load reads", async () => {
    const { stdoutBytes, code } = await imgbuild("stream", "//images/site-docs");
    expect(code).toBe(0);
    const { stdout } = docker.docker(["load"], stdoutBytes);
    expect(stdout).toContain(`site-docs:${await tagOf("//images/site-docs")}`);
  });

  test("run starts a container with what stands after -- and gives its exit code", async () => {
    const flags = ["--network", "none", "--entrypoint", "/bin/esbuild"];
    const good = await imgbuild("run", "//images/site", "-q", "--", ...flags, "--", "--version");
    expect(good).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const bad = await imgbuild("run", "//images/site", "-q", "--", ...flags, "--", "--no-such-flag");
    expect(bad.code).toBe(1);
  });
});

test("a Docker daemon that is not there is a temporary failure that names the address", async () => {
  const cache = mkdtempSync(join(tmpdir(), "imgbuild-example-"));
  const env = { DOCKER_HOST: "unix:///nonexistent/docker.sock" };
  const { code, stdout, stderr } = await startCli(["load", "//images/site", "--cache-dir", cache], { cwd: ROOT, env })
    .ended;
  rmSync(cache, { recursive: true, force: true });
  expect({ code, stdout }).toEqual({ code: 75, stdout: "" });
  expect(stderr).toContain("error[unavailable]");
  expect(stderr).toContain("/nonexistent/docker.sock");
});
