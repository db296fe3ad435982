import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describeWithTools } from "@imgbuild/testkit";
import { processesWith, SandboxRig, testSandbox } from "./testing.ts";

const mode = testSandbox().abilities.mode;
const lone = mode === "single";

const DEVICE_PATHS = ["null", "zero", "full", "random", "urandom", "tty"].map((name) => `/dev/${name}`);

describeWithTools(["unshare", "setpriv"], `a sandbox (${mode})`, () => {
  const rig = new SandboxRig();
  afterAll(() => rig.remove());

  test("tells the exit code and what was printed", async () => {
    const end = await rig.run("echo one; echo two >&2; exit 7");
    expect(end).toMatchObject({ code: 7, signal: undefined, timedOut: false, tail: ["one", "two"] });
    expect(rig.output).toBe("one\ntwo\n");
  });

  test("a script arrives as it was written, and stops at the first failure", async () => {
    const script = `x='it'"'"'s $HOME (a) \\\\ "q"'\nprintf '%s\\n' "$x" '$(id)' "a\nb" > /out\nfalse\necho never >> /out\n`;
    const root = rig.empty("root");
    const end = await rig.run(script, { root: { kind: "directory", directory: root } });
    expect(end.code).toBe(1);
    expect(readFileSync(`${root}/out`, "utf8")).toBe('it\'s $HOME (a) \\\\ "q"\n$(id)\na\nb\n');
  });

  test("has the fixed environment, what was asked for, and nothing of ours", async () => {
    process.env.IMGBUILD_CANARY = "leaks";
    await rig.run("env | sort", { env: { GREETING: "a b'c" }, user: "builder" });
    delete process.env.IMGBUILD_CANARY;
    const names = rig.output
      .split("\n")
      .map((line) => line.split("=")[0])
      .filter((name) => !["", "_", "PWD", "SHLVL", "OLDPWD"].includes(name ?? ""));
    expect(names).toEqual(["GREETING", "HOME", "LC_ALL", "PATH", "SOURCE_DATE_EPOCH", "TMPDIR", "TZ"]);
    expect(rig.output).toContain("GREETING=a b'c\n");
  });

  test("is root of a system with one host name, no network but loopback, no other processes", async () => {
    await rig.run("id -u; uname -n; cat /proc/net/dev | tail -n +3 | cut -d: -f1; ls /proc | grep -c '^[0-9]' || :");
    const [uid, name, device, processes] = rig.output.split("\n");
    expect([uid, name, device?.trim()]).toEqual(["0", "imgbuild", "lo"]);
    expect(Number(processes)).toBeLessThanOrEqual(6);
  });

  test("sees no path of this machine, not through its processes either", async () => {
    await rig.run(`ls -d /home /work /var ${__filename} || :; ls /proc/1/root/ /proc/1/cwd/ || :; ls -A /`);
    expect(rig.output).not.toMatch(/^\/(home|work|var)/m);
    expect(rig.output.split("\n").slice(-8).join(" ")).not.toMatch(/\b(home|work|boot)\b/);
  });

  test("cannot write what the kernel offers, nor open disks", async () => {
    const end = await rig.run(
      "(echo 1 > /proc/sys/vm/drop_caches) || echo refused; [ ! -e /sys/kernel ] && echo nosys; cat /dev/null; head -c 4 /dev/zero | wc -c; mknod /dev/disk b 8 0; (head -c 1 /dev/disk) || echo refused",
    );
    expect(end.code).toBe(0);
    expect(rig.output.match(/refused/g)?.length ?? 0).toBeGreaterThanOrEqual(mode === "root" ? 2 : 1);
    expect(rig.output).toContain("nosys");
    expect(rig.output).toMatch(/^\s*4$/m);
  });

  test("a device that a script makes opens nowhere, not in what is bound or lent either", async () => {
    const bound = rig.empty("bound");
    const open = (path: string) => `mknod ${path} c 1 5 2> /dev/null; head -c 4 ${path} 2> /dev/null | wc -c`;
    const paths = ["/node", "/dev/shm/node", "/dev/node", "$TMPDIR/node", "/bound/node"];
    const end = await rig.run(`${paths.map(open).join("\n")}\n`, {
      binds: [{ source: bound, target: "/bound", readOnly: false }],
    });
    expect([end.code, rig.output.trim().split(/\s+/)]).toEqual([0, paths.map(() => "0")]);
  });

  test("the devices of this machine keep their mode and owner, through every name of them", async () => {
    const seen = () => DEVICE_PATHS.map((path) => [path, statSync(path).mode, statSync(path).uid]);
    const before = seen();
    await rig.run(
      `for f in ${DEVICE_PATHS.join(" ")} /dev/stdin /proc/self/fd/*; do chmod 600 $f; chown 5:5 $f; done; :`,
    );
    expect(seen()).toEqual(before);
  });

  test("stdin is empty, and what is written to memory is bounded", async () => {
    const end = await rig.run("cat | wc -c; head -c 200000000 /dev/zero > /dev/shm/big || :");
    expect([end.code, rig.output]).toEqual([0, expect.stringMatching(/^0\n[\s\S]*No space left/)]);
  });

  test("leaves a root as the script left it: no mount points, no lent programs", async () => {
    const root = rig.empty("root");
    const end = await rig.run("mkdir -p /data/sub; test -d /proc/self; test -c /dev/null; ls /.imgbuild > /dev/null", {
      root: { kind: "directory", directory: root },
    });
    expect(end.code).toBe(0);
    expect(readdirSync(root)).toEqual(["data"]);
  });

  test("mount points that were there stay, with what they hold", async () => {
    const root = rig.empty("root");
    for (const name of ["dev", "proc", "lib"]) mkdirSync(`${root}/${name}`);
    writeFileSync(`${root}/dev/own`, "x");
    await rig.run("ls /dev/own || :", { root: { kind: "directory", directory: root } });
    expect(readdirSync(root).sort()).toEqual(["dev", "lib", "proc"]);
    expect(readdirSync(`${root}/dev`)).toEqual(["own"]);
  });

  test("layers show through, lowest first, and only the upper directory changes", async () => {
    const [low, high, upper, work] = [rig.empty("low"), rig.empty("high"), rig.empty("upper"), rig.empty("work")];
    writeFileSync(`${low}/both`, "low");
    writeFileSync(`${low}/gone`, "x");
    writeFileSync(`${high}/both`, "high");
    const end = await rig.run("cat /both; rm /gone; echo new > /both", {
      root: { kind: "overlay", lower: [low, high], upper, work },
    });
    expect([end.code, rig.output]).toEqual([0, "high"]);
    expect([
      readFileSync(`${low}/both`, "utf8"),
      readFileSync(`${high}/both`, "utf8"),
      existsSync(`${low}/gone`),
    ]).toEqual(["low", "high", true]);
    expect(readdirSync(upper).sort()).toEqual(["both", "gone"]);
  });

  test("two hundred layers with long paths can be stacked", async () => {
    const lower = Array.from({ length: 200 }, (_, i) => {
      const path = rig.empty(`layer-with-a-rather-long-name,:\\ ${i}`);
      writeFileSync(`${path}/f${i}`, "");
      return path;
    });
    const end = await rig.run("ls /f* | wc -l", {
      root: { kind: "overlay", lower, upper: rig.empty("u"), work: rig.empty("w") },
    });
    expect([end.code, Number(rig.output)]).toEqual([0, 200]);
  });

  test("binds show what was declared, read-only unless asked otherwise", async () => {
    const [secret, output] = [rig.empty("in put's"), rig.empty("out")];
    writeFileSync(`${secret}/key`, "k");
    const binds = [
      { source: secret, target: "/in/deep", readOnly: true },
      { source: output, target: "/out", readOnly: false },
    ];
    const end = await rig.run("cat /in/deep/key > /out/copy; touch /in/deep/x || echo refused", { binds });
    expect([end.code, readFileSync(`${output}/copy`, "utf8"), existsSync(`${secret}/x`)]).toEqual([0, "k", false]);
    expect(rig.output).toContain("refused");
  });

  test.each(["proc", "dev", ".imgbuild", "in"])(
    "a root with a link to this machine in place of /%s is refused, and nothing is mounted there",
    async (name) => {
      const [root, victim] = [rig.empty("root"), rig.empty("victim")];
      symlinkSync(victim, `${root}/${name}`);
      const binds = [{ source: rig.empty("s"), target: "/in/x", readOnly: true }];
      await expect(rig.run("true", { root: { kind: "directory", directory: root }, binds })).rejects.toThrow(
        "symbolic link",
      );
      expect(readdirSync(victim)).toEqual([]);
    },
  );

  test("a user without rights has the programs of this machine, read-only, and cannot change owners", async () => {
    const tree = rig.empty("tree");
    const end = await rig.run(
      "touch /usr/x || echo refused; chown 5:5 . || echo refused; bash --version | head -n 1; grep CapEff /proc/self/status",
      {
        root: { kind: "host" },
        user: "builder",
        cwd: "/build",
        binds: [{ source: tree, target: "/build", readOnly: false }],
      },
    );
    expect(end.code).toBe(0);
    expect(rig.output.match(/^refused$/gm)).toHaveLength(2);
    expect(rig.output).toContain("GNU bash");
    if (!lone) expect(rig.output).toMatch(/CapEff:\s*0{16}/);
  });

  test("owners and devices: root may set them, where there are ids", async () => {
    const end = await rig.run("touch /f && chown 12:34 /f && mknod -m 600 /n c 1 3");
    expect(end.code).toBe(lone ? 1 : 0);
    const noted = mode === "root" ? [] : [["/n", { type: "char", major: 1, minor: 3 }]];
    expect([...end.devices]).toEqual(lone ? [] : noted);
  });

  test("limits hold", async () => {
    const end = await rig.run("head -c 100000 /dev/zero > /big", { limits: { fileBytes: 1000 } });
    expect(end.code).not.toBe(0);
  });
});

describeWithTools(["unshare", "setpriv"], `the end of a sandbox (${mode})`, () => {
  const rig = new SandboxRig();
  afterAll(() => rig.remove());

  const left = async (word: string): Promise<string[]> => {
    for (let i = 0; i < 40 && processesWith(word, (path) => readdirSync(path)).length > 0; i++) await sleep(50);
    return processesWith(word, (path) => readdirSync(path));
  };

  test("what a script leaves in the background is killed", async () => {
    const end = await rig.run(
      "(trap '' TERM HUP INT; sleep 98761) & sleep 98761 & setsid sleep 98761 > /dev/null 2>&1 & echo started",
    );
    expect(end.code).toBe(0);
    expect(await left("98761")).toEqual([]);
  });

  test("killing its parent, or all it can, ends nothing of ours", async () => {
    const end = await rig.run("kill -9 $PPID 1 || :; echo alive; kill -9 -1; echo more");
    expect(rig.output).toContain("alive");
    expect([end.code, end.signal]).not.toEqual([null, undefined]);
  });

  test("a script that never ends is ended, with all it started", async () => {
    const end = await rig.run("echo begun; sleep 98762 & while :; do sleep 1; done", { timeoutMs: 1500 });
    expect(end).toMatchObject({ timedOut: true, tail: ["begun"] });
    expect(await left("98762")).toEqual([]);
  });

  test("a signal to us ends it as cancelled", async () => {
    const controller = new AbortController();
    const running = rig.run("echo begun; sleep 98763", {
      signal: controller.signal,
      onOutput: () => controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    expect(await left("98763")).toEqual([]);
  });

  test("no mount of this machine is added", async () => {
    await rig.run("mkdir /x; sleep 98764 & false");
    await rig.run("sleep 5", { timeoutMs: 500 });
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(rig.directory);
  });
});
