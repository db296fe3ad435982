/**
 * The program that runs the install scripts of one package, as npm does (@npmcli/run-script), in the sandbox of a command: Node runs
 * it as `install-scripts NAME@VERSION INSTALL-PATH ARCHITECTURE LIBC` in /build. It is text, because it runs elsewhere: with the
 * Node of the sandbox, CommonJS, without anything of ours.
 */
export const RUN_INSTALL_SCRIPTS = `"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const [title, installPath, architecture, libc] = process.argv.slice(2);
const published = "/build/package";
const at = path.join("/build/root", installPath);
const fail = (text, code) => {
  console.error(text);
  process.exit(code || 1);
};

const ours = { x64: "amd64", ia32: "386", ppc64: "ppc64le" }[process.arch] || process.arch;
const header = process.report.getReport().header;
const ownLibc = header.glibcVersionRuntime === undefined ? "musl" : "glibc";
if (ours !== architecture || (libc !== "" && libc !== ownLibc))
  fail("The scripts of " + title + " run for this machine, linux/" + ours + " with " + ownLibc + ", and the packages are for linux/" + architecture + " with " + libc);

fs.mkdirSync(at, { recursive: true });
for (const name of fs.readdirSync(published))
  fs.cpSync(path.join(published, name), path.join(at, name), { recursive: true, verbatimSymlinks: true });

const manifest = JSON.parse(fs.readFileSync(path.join(at, "package.json"), "utf8").replace(/^\\uFEFF/, ""));
const scripts = Object.assign({}, manifest.scripts);
const gyp = fs.existsSync(path.join(at, "binding.gyp")) && manifest.gypfile !== false;
if (gyp && !scripts.install && !scripts.preinstall) scripts.install = "node-gyp rebuild";

const prefix = path.dirname(path.dirname(process.execPath));
const npm = path.join(prefix, "lib/node_modules/npm");
const bins = [];
for (let dir = at; dir.length >= "/build/root".length; dir = path.dirname(dir)) bins.push(path.join(dir, "node_modules/.bin"));
if (installPath.startsWith("node_modules/.pnpm/")) bins.push(commandsBeside());
bins.push(path.join(npm, "node_modules/@npmcli/run-script/lib/node-gyp-bin"));
const env = {
  ...process.env,
  PATH: [...bins, process.env.PATH].join(":"),
  INIT_CWD: "/build/root",
  npm_config_node_gyp: path.join(npm, "node_modules/node-gyp/bin/node-gyp.js"),
  npm_config_user_agent: "npm/? node/" + process.version + " " + process.platform + " " + process.arch,
  npm_node_execpath: process.execPath,
  npm_package_json: path.join(at, "package.json"),
  npm_package_name: manifest.name,
  npm_package_version: manifest.version,
};
if (fs.existsSync(path.join(prefix, "include/node/node.h"))) env.npm_config_nodedir = prefix;

for (const name of ["preinstall", "install", "postinstall"]) {
  const command = scripts[name];
  if (typeof command !== "string" || command === "") continue;
  console.error("> " + title + " " + name + ": " + command);
  const more = { npm_command: "ci", npm_lifecycle_event: name, npm_lifecycle_script: command };
  const end = spawnSync("sh", ["-c", command], { cwd: at, env: { ...env, ...more }, stdio: ["ignore", "inherit", "inherit"] });
  if (end.status !== 0) fail("The script " + name + " of " + title + " failed", end.status || 1);
}

// pnpm's lock does not name commands, so there are no links to them: those of what the package needs, which stands beside it.
function commandsBeside() {
  const modules = at.slice(0, at.lastIndexOf("/node_modules/")) + "/node_modules";
  const directory = "/build/commands";
  fs.mkdirSync(directory);
  for (const name of fs.readdirSync(modules).flatMap((one) => one.startsWith("@") ? fs.readdirSync(path.join(modules, one)).map((two) => one + "/" + two) : [one])) {
    const file = path.join(modules, name, "package.json");
    if (path.join(modules, name) === at || !fs.existsSync(file)) continue;
    const { bin } = JSON.parse(fs.readFileSync(file, "utf8"));
    const all = typeof bin === "string" ? { [name.split("/").pop()]: bin } : bin || {};
    for (const [command, target] of Object.entries(all))
      if (/^[^/]+$/.test(command)) fs.symlinkSync(path.join(modules, name, target), path.join(directory, command));
  }
  return directory;
}

const isOwn = (source) => {
  const relative = path.relative(at, source);
  const installed = relative === "node_modules" || relative.startsWith("node_modules/");
  return !installed || fs.existsSync(path.join(published, relative));
};
fs.cpSync(at, "/build/out", { recursive: true, verbatimSymlinks: true, filter: isOwn });
`;
