// Runs a bundle with the code that V8 compiled for it earlier: compiling takes longer than a build that has nothing to do.
"use strict";

const { createHash } = require("node:crypto");
const { existsSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { dirname } = require("node:path");
const { Script } = require("node:vm");

/** A bundle begins with a comment that holds the digest of the rest: `//` and 64 hex digits. */
const MARK = /^\/\/[0-9a-f]{64}\n/;
const DIGEST = 32;

/**
 * Runs `file`, a CommonJS bundle of ASCII text. Its code cache is `file.VERSION-ARCH.cache`: the digest of the bundle that it
 * was made from, the digest of what follows, and V8's own bytes. It is made by the first run that finds none, at its end.
 */
function runProgram(file) {
  const source = readFileSync(file, "latin1");
  const cache = `${file}.${process.version}-${process.arch}.cache`;
  const bundle = MARK.test(source) ? Buffer.from(source.slice(2, 66), "hex") : undefined;
  const cachedData = bundle === undefined ? undefined : readCache(cache, bundle);
  const script = new Script(wrap(source), { filename: file, cachedData });
  // What V8 refuses, though it is whole, was made under other flags: they may be those of this run alone.
  if (bundle !== undefined && cachedData === undefined) {
    process.once("exit", (code) => {
      if (code === 0) writeCache(cache, bundle, script.createCachedData());
    });
  }
  const module = { exports: {} };
  script.runInThisContext().call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
}

function readCache(cache, bundle) {
  let bytes;
  try {
    bytes = readFileSync(cache);
  } catch {
    return undefined;
  }
  const data = bytes.subarray(2 * DIGEST);
  const whole = bytes.subarray(0, DIGEST).equals(bundle) && bytes.subarray(DIGEST, 2 * DIGEST).equals(sha256(data));
  return whole ? data : undefined;
}

/** Losing a cache costs some milliseconds, so nothing here ever fails; an installation that cannot be written has none. */
function writeCache(cache, bundle, data) {
  const temporary = `${cache}.${process.pid}`;
  try {
    writeFileSync(temporary, Buffer.concat([bundle, sha256(data), data]));
    renameSync(temporary, cache);
  } catch {
    if (existsSync(temporary)) rmSync(temporary, { force: true });
  }
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest();
}

module.exports = { runProgram };
