import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWithTools, startCli } from "@imgbuild/testkit";
import { EXAMPLE_TOOLS, type ExampleRig, exampleRig, ROOT } from "./example-rig.ts";

describeWithTools(EXAMPLE_TOOLS, "the example workspace and Docker", () => {
  let rig: ExampleRig;

  beforeAll(async () => {
    rig = await exampleRig();
  });
  afterAll(() => rig?.stop());

  const load: ExampleRig["load"] = (label) => rig.load(label);
  const imgbuild = (...args: readonly string[]) => rig.imgbuild(args);

  async function tagOf(label: string): Promise<string> {
    return (await imgbuild("tag", label)).stdout.trim();
  }

  /** Starts a container, waits until it serves, and gives what it answers to each path. */
  async function serve(reference: string, paths: readonly string[]): Promise<string[]> {
    const container = rig.start(reference);
    const answers: string[] = [];
    for (const path of paths) {
      const { status, body } = await container.ask({ path });
      answers.push(`${status} ${body}`);
    }
    return answers;
  }

  test("the image is loaded and answers over HTTP with the page", async () => {
    const { reference, imageId } = await load("//images/site");
    const [page, style, missing] = await serve(reference, ["/", "/style.css", "/nowhere"]);
    expect(page).toContain("200 <!doctype html>");
    expect(page).toContain("<h1>An image from a definition</h1>");
    expect(style).toContain("200 :root");
    expect(missing).toContain("404 ");
    expect(rig.docker.docker(["inspect", "--format", "{{.Id}}", reference]).stdout.trim()).toBe(imageId);
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
      JSON.parse(rig.docker.docker(["inspect", "--format", "{{json .RootFS.Layers}}", name]).stdout) as string[];
    expect(layers(reference).slice(0, 1)).toEqual(layers(`site:${await tagOf("//images/site")}`));
  });

  test("the user of the image is not root, and the base gives the config that was asked for", async () => {
    const { reference } = await load("//images/site-docs");
    const config = rig.docker.docker(["inspect", "--format", "{{json .Config}}", reference]);
    expect(JSON.parse(config.stdout)).toMatchObject({
      User: "65532:65532",
      ExposedPorts: { "8080/tcp": {} },
      Labels: { "org.opencontainers.image.title": "site-docs" },
    });
  });

  test("what stream writes, docker load reads", async () => {
    const { stdoutBytes, code } = await imgbuild("stream", "//images/site-docs");
    expect(code).toBe(0);
    const { stdout } = rig.docker.docker(["load"], stdoutBytes);
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
