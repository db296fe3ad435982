import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type CliOptions, type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";

/** Many files, so that there is more than one order; names that sort differently by locale. */
const FILES: Readonly<Record<string, string>> = {
  "app/image.ts": [
    'import { buildImage, json, link, text, tree } from "imgbuild";',
    'import base from "../base/image.ts";',
    "export default buildImage({",
    '  name: "app", fromImage: base,',
    '  copyToRoot: [tree({ "/app": "./src", "/etc/app.json": json({ z: 1, a: "ä" }), "/bin/app": link("../app/run") }), tree({ "/motd": text("hi\\n") }, { uid: 7 })],',
    '  config: { Env: ["LANG=C"], Labels: { b: "1", a: "2", "ä": "3" } },',
    "});\n",
  ].join("\n"),
  "base/image.ts":
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "base", copyToRoot: "./lib" });\n',
  "base/lib/x": "x".repeat(100_000),
  "app/src/run": "#!/bin/sh\n",
  ...Object.fromEntries(
    ["Z", "a", "Ä", "ä", "é", "e\u0301", "_", "10", "9", "I", "ı", "日本"].map((name, i) => [
      `app/src/n/${name}`,
      `${i}\n`,
    ]),
  ),
  ...Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`app/src/many/${(i * 7919) % 300}`, `${i}\n`.repeat(i)]),
  ),
};

const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  "docker.tar": ["--format", "docker-archive"],
  "docker-none.tar": ["--format", "docker-archive", "--compression", "none"],
  "oci.tar": ["--format", "oci-archive"],
  "oci-zstd.tar": ["--format", "oci-archive", "--compression", "zstd"],
  layout: ["--format", "oci-layout", "--compression", "gz:9"],
};

/** Digests of the images, and of every byte that was written. */
async function productsOf(
  rig: WorkspaceRig,
  options: CliOptions,
  jobs: string,
): Promise<Readonly<Record<string, string>>> {
  const products: Record<string, string> = {};
  for (const [name, flags] of Object.entries(OUTPUTS)) {
    const to = join(rig.outside, name);
    const { code, stdout, stderr } = await rig.run(["build", "//app", "-j", jobs, "-o", to, ...flags], options);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    products.image = stdout;
    products[name] = digestOf(to);
  }
  const streamed = await rig.run(["stream", "//app", "-j", jobs], options);
  products.stream = createHash("sha256").update(streamed.stdoutBytes).digest("hex");
  return products;
}

function digestOf(path: string): string {
  const hash = createHash("sha256");
  const names = statSync(path).isDirectory() ? readdirSync(path, { recursive: true, encoding: "utf8" }).sort() : [""];
  for (const name of names) {
    hash.update(`${name}\0`);
    if (statSync(join(path, name)).isFile()) hash.update(readFileSync(join(path, name)));
  }
  return hash.digest("hex");
}

async function example(): Promise<WorkspaceRig> {
  const rig = await workspaceRig({ files: FILES });
  rig.chmod("app/src/run", 0o755);
  symlinkSync("../n/Z", rig.path("app/src/many/link"));
  return rig;
}

test("another path, umask, time zone, locale, age of files, user and -j1 give the same digests and the same bytes", async () => {
  await using here = await example();
  const reference = await productsOf(here, { umask: 0o022, env: { TZ: "UTC", LANG: "C.UTF-8" } }, "4");

  await using there = here.copy();
  for (const name of readdirSync(there.root, { recursive: true, encoding: "utf8" })) {
    const stat = statSync(there.path(name), { throwIfNoEntry: false });
    if (stat === undefined) continue;
    there.chmod(name, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o700 : 0o600);
    there.touch(name, 86_400 * 365 * 10);
  }
  const uid = process.getuid?.() === 0 ? { uid: 65534 } : {};
  if (uid.uid !== undefined) there.giveTo(uid.uid);
  const env = {
    TZ: "Pacific/Chatham",
    LANG: "tr_TR.UTF-8",
    LC_ALL: "sv_SE.UTF-8",
    USER: "other",
  };
  expect(await productsOf(there, { umask: 0o077, env, ...uid }, "1")).toEqual(reference);
});

test("a cache that has it and one that builds it write the same bytes", async () => {
  await using rig = await example();
  const [cold, warm] = [join(rig.outside, "cold.tar"), join(rig.outside, "warm.tar")];
  await rig.run(["build", "//app", "-o", cold]);
  await rig.run(["build", "//app", "-o", warm]);
  expect(digestOf(warm)).toBe(digestOf(cold));
  // Compression that was begun by another form, or by a build that delivered nothing, ends in the same bytes.
  rig.remove("cache");
  await rig.run(["build", "//app"]);
  await rig.run(["build", "//app", "-o", join(rig.outside, "zstd.tar"), "--compression", "zstd"]);
  await rig.run(["build", "//app", "-o", warm]);
  expect(digestOf(warm)).toBe(digestOf(cold));
});
