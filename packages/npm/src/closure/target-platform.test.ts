import { misfit, withLibcOfName } from "./target-platform.ts";

const limits = (more: object) => ({ os: [], cpu: [], libc: [], ...more });

test.each([
  [
    { os: "linux", architecture: "amd64" },
    { os: ["linux"], cpu: ["x64"] },
  ],
  [{ os: "linux", architecture: "386" }, { cpu: ["ia32"] }],
  [{ os: "linux", architecture: "ppc64le" }, { cpu: ["ppc64"] }],
  [{ os: "linux", architecture: "riscv64" }, { cpu: ["riscv64"] }],
  [
    { os: "windows", architecture: "arm64" },
    { os: ["win32"], cpu: ["arm64"] },
  ],
  [
    { os: "linux", architecture: "arm64" },
    { os: ["linux"], libc: ["musl"] },
  ],
  [
    { os: "linux", architecture: "arm64", libc: "musl" },
    { os: ["!win32", "!darwin"], libc: ["glibc", "musl"] },
  ],
] as const)("%j runs what is for %j", (target, wanted) => {
  expect(misfit(limits(wanted), target)).toBeUndefined();
});

test.each([
  [{ os: "linux", architecture: "amd64" }, { os: ["win32"], cpu: ["x64"] }, "it is for win32 x64"],
  [{ os: "linux", architecture: "amd64", libc: "glibc" }, { os: ["linux"], libc: ["musl"] }, "it is for linux musl"],
  [{ os: "darwin", architecture: "arm64" }, { libc: ["glibc"] }, "it is for glibc"],
  [{ os: "linux", architecture: "amd64" }, { cpu: ["!x64", "!ia32"] }, "it is for !x64|!ia32"],
  [{ os: "linux", architecture: "amd64" }, { cpu: ["any", "arm64"] }, "it is for any|arm64"],
] as const)("%j does not run what is for %j: %s", (target, wanted, why) => {
  expect(misfit(limits(wanted), target)).toBe(why);
});

test.each([
  ["@img/sharp-linuxmusl-x64", "musl"],
  ["@swc/core-linux-x64-musl", "musl"],
  ["@rollup/rollup-linux-arm-musleabihf", "musl"],
  ["@swc/core-linux-x64-gnu", "glibc"],
  ["@rollup/rollup-linux-arm-gnueabihf", "glibc"],
  ["@esbuild/linux-x64", undefined],
  ["muslin", undefined],
  ["gnu", undefined],
])("the name %s tells the C library %s", (name, libc) => {
  expect(withLibcOfName(limits({ os: ["linux"] }), name).libc[0]).toBe(libc);
});

test("a name tells nothing when the lock does, or when the package is not for Linux", () => {
  expect(withLibcOfName(limits({ os: ["linux"], libc: ["glibc"] }), "x-musl").libc).toEqual(["glibc"]);
  expect(withLibcOfName(limits({ os: ["win32"] }), "x-gnu").libc).toEqual([]);
});
