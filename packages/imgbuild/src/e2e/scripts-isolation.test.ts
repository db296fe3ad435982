import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CLI_PATH, canBeOrdinaryUser, describeWithTools, ordinaryUser, tarOf } from "@imgbuild/testkit";
import { rootImage, SCRIPT_TOOLS, type ScriptRig, scriptRig } from "./script-rig.ts";

/** Command lines of processes that have a word. */
function processesWith(word: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const text = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "";
      return text.includes(word) ? [text] : [];
    } catch {
      return [];
    }
  });
}

describeWithTools(SCRIPT_TOOLS, "scripts: the machine around them", () => {
  let on: ScriptRig;
  beforeAll(async () => {
    on = await scriptRig();
  });
  afterAll(() => on?.rig[Symbol.asyncDispose]());

  /** Nothing of a script is left: no process, no mount, no directory of its run. */
  const expectNothingLeft = async (word: string): Promise<void> => {
    for (let i = 0; i < 40 && processesWith(word).length > 0; i++) await sleep(50);
    expect(processesWith(word)).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(on.rig.root);
    expect(readdirSync(join(on.rig.cacheDir, "v1/sandbox"))).toEqual([]);
  };

  /** Files outside the workspace that nobody may touch, and a test that nobody did. */
  const canary = (name: string) => {
    const directory = join(on.rig.outside, name);
    mkdirSync(join(directory, "sub"), { recursive: true });
    writeFileSync(join(directory, "file"), "alive");
    return {
      directory,
      untouched: () => {
        expect(readdirSync(directory).sort()).toEqual(["file", "sub"]);
        expect(readdirSync(join(directory, "sub"))).toEqual([]);
        expect(readFileSync(join(directory, "file"), "utf8")).toBe("alive");
      },
    };
  };

  /** Ways out of a root that have worked somewhere, once. Each ends well, whatever comes of it. */
  const escapes = (out: string): string => `
    echo dead > ${out}/file; rm -rf ${out}; mkdir -p ${out}/sub/new
    for root in /proc/1/root /proc/$PPID/root /proc/self/root/../../.. /proc/*/cwd/../../../../../..; do
      echo dead > $root${out}/file; rm -rf $root${out}/file; touch $root${out}/sub/in
    done
    busybox mount -t tmpfs tmpfs ${out}; busybox mount --bind / /mnt; busybox mount -o remount,rw /proc/sys
    busybox umount /proc /dev /; busybox chroot /proc/1/root touch ${out}/sub/in; busybox nsenter -t 1 -m touch ${out}/sub/in
    busybox unshare -m busybox umount -l /; busybox pivot_root / /tmp; busybox swapoff -a; busybox mknod /tmp/disk b 254 0
    dd if=/dev/zero of=/tmp/disk bs=1 count=1; echo /tmp/x > /proc/sys/kernel/core_pattern; echo b > /proc/sysrq-trigger
    cd /; n=0; while [ $n -lt 30 ]; do cd ..; n=$((n+1)); done; echo dead > .${out}/file
    ln -s ${out} /way; echo dead > /way/file; mkdir -p /way/sub/new; ln ${out}/file /hard
    for f in /dev/null /dev/zero /dev/tty /proc/self/fd/*; do chmod 600 $f; chown 9:9 $f; done
    for p in /proc/[0-9]*; do kill -9 \${p#/proc/}; done; :`;

  test("nothing outside is ever touched: a canary under many tries, as root and in the tree alone", async () => {
    const first = canary("canary");
    const tries = JSON.stringify(`(${escapes(first.directory)}\n) > /dev/null 2>&1 || :`);
    on.define(`export const r = buildImage({ name: "r", fromImage: base, runAsRoot: ${tries} });
      export const e = buildImage({ name: "e", extraCommands: ${tries} });
      export const f = buildLayeredImage({ name: "f", fromImage: base, fakeRootCommands: ${tries} });
      export const c = buildLayeredImage({ name: "c", fromImage: base, enableFakechroot: true, fakeRootCommands: ${tries} });`);
    const devices = () =>
      spawnSync("stat", ["-c", "%n %a %u:%g", "/dev/null", "/dev/zero", "/dev/tty"]).stdout.toString();
    const before = [devices(), readFileSync("/proc/sys/kernel/core_pattern", "utf8")];
    // Killed by itself or not: how such a script ends is its own business.
    for (const name of ["r", "e", "f", "c"]) await on.build(name);
    first.untouched();
    expect([devices(), readFileSync("/proc/sys/kernel/core_pattern", "utf8")]).toEqual(before);
    await expectNothingLeft("canary/file");
  });

  test("what the caller of imgbuild has open is not open in a script", () => {
    const held = canary("held");
    const script = JSON.stringify(`set +e
      echo dead >> /proc/self/fd/100; echo dead > /proc/self/fd/101/sub/in; rm -r /proc/self/fd/101/sub
      chmod 600 /proc/self/fd/100; chmod 700 /proc/self/fd/101; true`);
    on.define(`export const r = buildImage({ name: "r", fromImage: base, runAsRoot: ${script} });`);
    const opened = [openSync(join(held.directory, "file"), "a"), openSync(held.directory, "r")];
    const mode = () => statSync(held.directory).mode;
    const before = mode();
    const stdio = [...Array.from({ length: 100 }, () => "ignore" as const), ...opened];
    const { status, error } = spawnSync(process.execPath, [CLI_PATH, "build", "//a:r"], { cwd: on.rig.root, stdio });
    for (const descriptor of opened) closeSync(descriptor);
    expect({ status, error, mode: mode() }).toEqual({ status: 0, error: undefined, mode: before });
    held.untouched();
  });

  test("a base whose links lead to this machine, in one layer and through the next, leads nowhere", async () => {
    const target = canary("links");
    for (const [name, members] of [
      ["planted", [["way", { type: "symlink", linkname: target.directory }]]],
      ["up", [["a/way", { type: "symlink", linkname: "../../../../../../../../../../../../../tmp" }]]],
    ] as const) {
      mkdirSync(on.rig.path(`a/${name}`), { recursive: true });
      writeFileSync(on.rig.path(`a/${name}/l.tar`), tarOf(members));
    }
    mkdirSync(on.rig.path("a/tree"), { recursive: true });
    symlinkSync(target.directory, on.rig.path("a/tree/way"));
    on.define(`const planted = buildImage({ name: "p", fromImage: base, copyToRoot: path("./tree") });
      export const next = buildImage({ name: "n", fromImage: planted, copyToRoot: tree({ "/way/file": text("dead") }), baseLinks: "replace",
        runAsRoot: "cat /way/file > /seen; echo changed > /way/file" });
      export const follow = buildImage({ name: "n", fromImage: planted, runAsRoot: "echo dead > /way/file || mkdir -p ${target.directory}; echo dead > /way/file; rm -rf /way/sub" });`);
    expect((await on.members("next")).filter(({ path }) => path === "seen").map(({ content }) => content)).toEqual([
      "dead",
    ]);
    await on.build("follow");
    target.untouched();
  });

  test("there is no network: no route, no name, no service of this machine", async () => {
    const server = createServer((socket) => socket.end("reached\n"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const port = (server.address() as { port: number }).port;
    on.define(
      rootImage(
        "x",
        `wget -T 2 -O /got http://example.com/ || echo no name; nc -w 2 127.0.0.1 ${port} < /dev/null || echo no service; wc -l < /proc/net/route; exit 3`,
      ),
    );
    const said = await on.failure("x");
    server.close();
    expect(said).toContain("| no name");
    expect(said).toContain("| no service");
    expect(said).not.toContain("reached");
    expect(said).toMatch(/\| 1$/m);
  });

  test("what it leaves in the background ends with it, and its result stands", async () => {
    on.define(
      rootImage(
        "x",
        "(setsid sleep 86123 > /dev/null 2>&1 &); sleep 86123 & (trap '' TERM HUP; sleep 86123) & echo x > /x",
      ),
    );
    expect(await on.top("x")).toEqual(["file 644 0:0 x"]);
    await expectNothingLeft("86123");
  });

  test.each([
    ["its parent", "kill -9 $PPID 1; sleep 0.2; echo x > /x", 0],
    ["all it can", "sleep 86124 & kill -9 -1; echo never > /x; exit 4", 1],
  ])("killing %s harms nobody else", async (_, script, code) => {
    on.define(rootImage("x", script));
    expect((await on.build("x")).code).toBe(code);
    await expectNothingLeft("86124");
  });

  test("a script that never ends is ended by its timeout, and says what it printed last", async () => {
    on.define(rootImage("x", "echo begun; sleep 86125 & while :; do sleep 1; done", "timeout: 1"));
    const said = await on.failure("x");
    expect(said).toContain("it did not end within 1 seconds; the last it printed:");
    expect(said).toContain("| begun");
    expect(said).toContain("Raise the attribute timeout");
    await expectNothingLeft("86125");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends the build and the script, and leaves nothing", async (signal, code) => {
    on.define(rootImage("x", "echo begun; (setsid sleep 86126 &); sleep 86126"));
    const running = on.rig.spawn(["build", "//a:x", "-v"]);
    await running.printed("| begun");
    running.kill(signal);
    expect(await running.ended).toMatchObject({ code, stdout: "" });
    await expectNothingLeft("86126");
  });

  test("a build that is killed outright takes its script along; the next one cleans up", async () => {
    on.define(`${rootImage("x", "echo begun; sleep 86127")}${rootImage("y", "true")}`);
    const running = on.rig.spawn(["build", "//a:x", "-v"]);
    await running.printed("| begun");
    running.kill("SIGKILL");
    await running.ended;
    expect((await on.build("y")).code).toBe(0);
    await expectNothingLeft("86127");
  });

  (canBeOrdinaryUser() ? test : test.skip).each([true, false])(
    "so does that of an ordinary user (with subordinate ids: %s)",
    async (subordinateIds) => {
      on.define(rootImage("x", "echo begun; sleep 86128"));
      const user = ordinaryUser({ subordinateIds });
      await using own = on.rig.copy();
      own.giveTo(user.uid);
      const running = own.spawn(["build", "//a:x", "-v"], { wrap: user.wrap });
      await running.printed("| begun");
      running.kill("SIGKILL");
      await running.ended;
      user.remove();
      for (let i = 0; i < 60 && processesWith("86128").length > 0; i++) await sleep(50);
      expect(processesWith("86128")).toEqual([]);
    },
  );

  test("diskSize bounds what a script writes", async () => {
    on.define(rootImage("x", "dd if=/dev/zero of=/big bs=1M count=3000 2> /dev/null; sleep 30", "diskSize: 64"));
    const said = await on.failure("x");
    expect(said).toContain("it wrote more than the 64 MiB of diskSize");
    expect(said).toContain("Raise the attribute diskSize");
    await expectNothingLeft("of=/big");
  });

  test.each([
    ["fast", "dd if=/dev/zero of=/big bs=1M", /No space left|free space of this machine/],
    [
      "slowly",
      "dd if=/dev/zero of=/big bs=1M count=50 2> /dev/null; while :; do dd if=/dev/zero bs=1M count=1 >> /big 2> /dev/null; sleep 0.3; done",
      /disk-full.*free space of this machine/,
    ],
  ])("a disk that a script fills %s is a clear error, and is free again afterwards", async (_, script, said) => {
    on.define(rootImage("x", script));
    const disk = join(on.rig.outside, "disk");
    mkdirSync(disk, { recursive: true });
    const mounted = `mount -t tmpfs -o size=80m tmpfs "${disk}" && "$@"; code=$?; df -k --output=used "${disk}" | tail -n 1 >&2; exit $code`;
    const { code, stderr } = await on.rig.run(["build", "//a:x", "--cache-dir", join(disk, "cache")], {
      wrap: ["unshare", "--mount", "sh", "-c", mounted, "sh"],
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(said);
    expect(stderr).toContain("Free some space");
    expect(Number(stderr.trim().split("\n").at(-1))).toBeLessThan(20_000);
  });

  (canBeOrdinaryUser() ? test : test.skip)(
    "an ordinary user with subordinate ids has all of it; without them owners are refused with what is missing",
    async () => {
      on.define(
        `${rootImage("plain", "mkdir /data; rm /etc/a; mknod /data/null c 1 3")}${rootImage("owners", "chown 5:6 /etc/a")}`,
      );
      const root = [await on.top("plain"), await on.top("owners")];
      for (const subordinateIds of [true, false]) {
        const user = ordinaryUser({ subordinateIds });
        await using own = on.rig.copy();
        own.giveTo(user.uid);
        const mine: ScriptRig = { ...on, rig: own };
        const archive = join(own.outside, "x.tar");
        const plain = await mine.rig.run(["build", "//a:plain", "-o", archive], { wrap: user.wrap });
        const owners = await mine.rig.run(["build", "//a:owners"], { wrap: user.wrap });
        user.remove();
        expect([plain.code, owners.code]).toEqual([0, subordinateIds ? 0 : 1]);
        if (!subordinateIds) {
          expect(owners.stderr).toContain("/etc/subuid has no line for imgtest");
          expect(owners.stderr).toContain("--add-subuids");
        }
      }
      expect(root[1]).toContain("file 644 5:6 etc/a");
    },
  );

  test("elsewhere it says what is missing", async () => {
    on.define(rootImage("x", "true # not here"));
    const { code, stderr } = await on.rig.run(["build", "//a:x"], {
      wrap: [
        "unshare",
        "--user",
        "--map-current-user",
        "sh",
        "-c",
        'exec setpriv --bounding-set=-all --inh-caps=-all "$@"',
        "sh",
      ],
    });
    expect(code).toBe(1);
    expect(stderr).toContain("error[unsupported]: Cannot run a script: ");
    expect(stderr).toMatch(/hint: .*(namespaces|container)/);
  });
});
