import { randomBytes } from "node:crypto";
import { canBeOrdinaryUser, describeWithTools, ordinaryUser } from "@imgbuild/testkit";
import { rootImage, SCRIPT_TOOLS, type ScriptRig, scriptRig } from "./script-rig.ts";

describeWithTools(SCRIPT_TOOLS, "scripts: what becomes of the layer", () => {
  let on: ScriptRig;
  beforeAll(async () => {
    on = await scriptRig();
  });
  afterAll(() => on?.rig[Symbol.asyncDispose]());

  const topOf = (script: string): Promise<string[]> => {
    on.define(rootImage("x", script));
    return on.top("x");
  };

  test("files of the base are removed, replaced by directories and the other way round, renamed, and given to others", async () => {
    const script = `rm /dir/x; rm -r /dir/sub; echo file > /dir/sub; rm /etc/a; mkdir /etc/a; touch /etc/a/in
      mv /tmp /moved; chown 5:6 /etc/passwd; chmod 4711 /bin/busybox`;
    expect(await topOf(script)).toEqual([
      "file 0 0:0 .wh.tmp",
      "directory 755 0:0 bin",
      "file 4711 0:0 bin/busybox",
      "directory 755 0:0 dir",
      "file 0 0:0 dir/.wh.x",
      "file 644 0:0 dir/sub",
      "directory 755 0:0 etc",
      "directory 755 0:0 etc/a",
      "file 644 0:0 etc/a/in",
      "file 644 5:6 etc/passwd",
      "directory 1777 0:0 moved",
    ]);
  });

  test("a directory that is made again hides what the base has in it", async () => {
    expect(await topOf("rm -r /dir; mkdir /dir; echo z > /dir/z")).toEqual([
      "directory 755 0:0 dir",
      "file 0 0:0 dir/.wh..wh..opq",
      "file 644 0:0 dir/z",
    ]);
  });

  test("every kind of file, and every name that UTF-8 has", async () => {
    const script = `mkdir /q; cd /q; mkfifo fifo; mknod null c 1 3; ln -s loop loop; nc -lU socket & sleep 0.2
      touch 'a
b' 'a b' ./-rf '*' é "$(printf '\\001')"; echo twin > one; ln one two; mkdir -m 000 closed; touch closed/in
      dd if=/dev/zero of=sparse bs=1 count=1 seek=5000000 2> /dev/null; mkdir -m 2775 shared; : > empty`;
    expect(await topOf(script)).toEqual([
      "directory 755 0:0 q",
      "file 644 0:0 q/\u0001",
      "file 644 0:0 q/*",
      "file 644 0:0 q/-rf",
      "file 644 0:0 q/a\nb",
      "file 644 0:0 q/a b",
      "directory 0 0:0 q/closed",
      "file 644 0:0 q/closed/in",
      "file 644 0:0 q/empty",
      "fifo 644 0:0 q/fifo",
      "symlink 777 0:0 q/loop > loop",
      "char 644 0:0 q/null",
      "file 644 0:0 q/one",
      "directory 2775 0:0 q/shared",
      "file 644 0:0 q/sparse",
      "hardlink 644 0:0 q/two > q/one",
      "file 644 0:0 q/é",
    ]);
    const sparse = (await on.members("x")).find(({ path }) => path === "q/sparse");
    expect(sparse?.size).toBe(5_000_001);
  });

  test("capabilities and attributes of users stay", async () => {
    // cap_net_raw=ep, as setcap writes it.
    on.define(
      `export const x = buildImage({ name: "x", copyToRoot: tree({ "/server": text("x", { mode: 0o755 }) }), fakeRootCommands: null });`,
    );
    const said = await on.failure("x");
    expect(said).toContain("fakeRootCommands");
    on.define(
      `export const x = buildLayeredImage({ name: "x", contents: tree({ "/server": text("x", { mode: 0o755 }) }), fakeRootCommands:
        "setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 server; setfattr -n user.note -v hi server" });`,
    );
    const [server] = (await on.members("x")).filter(({ path }) => path === "server");
    const attributes = [...(server?.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString("hex")]);
    expect(attributes.sort()).toEqual([
      ["security.capability", "0100000200200000000000000000000000000000"],
      ["user.note", "6869"],
    ]);
  });

  test("what a script writes to resolv.conf and hosts is the image's; /proc, /sys and /dev leave nothing", async () => {
    const script = `echo nameserver 192.0.2.1 > /etc/resolv.conf; echo 192.0.2.2 x > /etc/hosts
      echo x > /dev/own; mkdir -p /dev/shm/x; echo 1 > /proc/sys/vm/overcommit_memory || :; mkdir /sys 2> /dev/null || :; rmdir /sys`;
    expect(await topOf(script)).toEqual([
      "directory 755 0:0 etc",
      "file 644 0:0 etc/hosts",
      "file 644 0:0 etc/resolv.conf",
    ]);
  });

  test("all that the root has can go, and its own mode and owner change", async () => {
    const everything = "cp /bin/busybox /dev/shm/busybox; /dev/shm/busybox rm -rf /* 2> /dev/null || :; exit 0";
    expect(await topOf(everything)).toEqual(["bin", "dir", "etc", "tmp"].map((name) => `file 0 0:0 .wh.${name}`));
    expect(await topOf("chmod 711 /; chown 5:6 /")).toEqual(["directory 711 5:6 "]);
    on.define(
      `${rootImage("x", "chmod 711 /; chown 5:6 /")}export const y = buildImage({ name: "y", fromImage: x, runAsRoot: "stat -c '%a %u:%g' / > /seen" });`,
    );
    expect((await on.members("y")).map(({ path, content }) => `${path} ${content}`)).toEqual(["seen 711 5:6\n"]);
  });

  test("ten thousand files", async () => {
    const script =
      "mkdir /many; cd /many; for d in $(seq 20); do mkdir $d; cd $d; seq 500 | while read f; do : > $f; done; cd ..; done";
    expect(await topOf(script)).toHaveLength(10_021);
  });

  test.each([
    ["a name that is not UTF-8", "touch \"/$(printf '\\377')\"", "not valid UTF-8: "],
    ["a name that marks deletions", ": > /.wh.x", "/.wh.x"],
  ])("%s is refused", async (_, script, said) => {
    on.define(rootImage("x", script));
    expect(await on.failure("x")).toContain(said);
  });

  test("runAsRoot and extraCommands give the same files where both can say it (DM-04)", async () => {
    on.define(`const files = tree({ "/etc/app": text("x") });
      export const root = buildImage({ name: "a", copyToRoot: files, runAsRoot: "mkdir -p /data/deep && echo hi > /data/deep/f && ln -s deep /data/l && rm /etc/app" });
      export const extra = buildImage({ name: "a", copyToRoot: files, extraCommands: "mkdir -p data/deep && echo hi > data/deep/f && ln -s deep data/l && rm etc/app" });
      export const fake = buildLayeredImage({ name: "a", fakeRootCommands: "mkdir -p data/deep && echo hi > data/deep/f && ln -s deep data/l && mkdir etc" });
      export const chroot = buildLayeredImage({ name: "a", enableFakechroot: true, fakeRootCommands: "mkdir -p /data/deep && echo hi > /data/deep/f && ln -s deep /data/l && mkdir /etc" });`);
    const all = await Promise.all(["root", "extra", "fake", "chroot"].map((name) => on.members(name)));
    for (const each of all) expect(each).toEqual(all[0]);
    expect(all[0]?.map(({ path }) => path)).toEqual(["data", "data/deep", "data/deep/f", "data/l", "etc"]);
  });

  test("extraCommands run first, without rights; then fakeRootCommands, over what they left", async () => {
    on.define(`const script = { extraCommands: "id -u > first; echo extra > app/f; rm app/gone; ! chown 5 app/f 2> /dev/null",
        fakeRootCommands: "id -u > second; cat app/f >> second; chown 7:8 app/f; mknod app/null c 1 3; test ! -e etc/passwd" };
      export const x = buildLayeredImage({ name: "x", fromImage: base, contents: tree({ "/app/f": text("f"), "/app/gone": text("g") }), uid: 12, gid: 13, ...script });`);
    const members = await on.members("x");
    expect(members.map(({ path, uid, gid, content }) => `${uid}:${gid} ${path} ${JSON.stringify(content)}`)).toEqual([
      expect.stringMatching(/^\d+:\d+ app /),
      '0:0 app/.wh.gone ""',
      '7:8 app/f "extra\\n"',
      '0:0 app/null ""',
      '12:13 first "1000\\n"',
      '0:0 second "0\\nextra\\n"',
    ]);
  });

  test("the same bytes by another user, umask, path and time", async () => {
    const script =
      "mkdir -p /data/b /data/a; echo 2 > /data/a/z; echo 1 > /data/a/y; chown -R 7:9 /data; rm /etc/a; date > /dev/null || :";
    on.define(`${rootImage("x", script)}
      export const y = buildImage({ name: "y", copyToRoot: tree({ "/f": text("f") }), extraCommands: "echo $PWD $HOME $(id) > here; touch b a; umask >> here" });`);
    const digests = async (rig: typeof on.rig, options = {}): Promise<string> => {
      const { stdout, stderr, code } = await rig.run(["build", "//a:x", "//a:y", "--no-cache"], options);
      return code === 0 ? stdout : stderr;
    };
    const first = await digests(on.rig);
    await using copy = on.rig.copy();
    expect(first).toMatch(/sha256:.*\n.*sha256:/);
    expect(
      await digests(copy, { umask: 0o077, env: { TZ: "Asia/Tokyo", LC_ALL: "de_DE.UTF-8", HOME: "/nowhere" } }),
    ).toBe(first);
    if (!canBeOrdinaryUser()) return;
    const user = ordinaryUser({ subordinateIds: true });
    await using own = on.rig.copy();
    own.giveTo(user.uid);
    expect(await digests(own, { wrap: user.wrap })).toBe(first);
    user.remove();
  });
});

describeWithTools(SCRIPT_TOOLS, "scripts: how they run", () => {
  let on: ScriptRig;
  beforeAll(async () => {
    on = await scriptRig();
  });
  afterAll(() => on?.rig[Symbol.asyncDispose]());

  test("text arrives as it was written: quotes, dollars, backslashes, here documents, a megabyte", async () => {
    const noise = randomBytes(400_000).toString("hex");
    const script = `cat > /out <<'EOF'\n'"(){}$HOME \`id\` $(id) \\n \\\\ !! é\t \u2028 %s\nEOF\necho '${noise}' | wc -c >> /out\n#${noise}\n`;
    on.define(rootImage("x", script));
    const [out] = (await on.members("x")).filter(({ path }) => path === "out");
    expect(out?.content).toBe(`'"(){}$HOME \`id\` $(id) \\n \\\\ !! é\t \u2028 %s\n${noise.length + 1}\n`);
  });

  test.each([
    ["a NUL", JSON.stringify("echo \0"), "has a NUL character"],
    ["half a surrogate pair", '"echo \\ud800"', "surrogate"],
    ["a number", "7", "wanted the text of a shell script"],
  ])("%s in a script is refused where it is written", async (_, text, said) => {
    on.define(`export const x = buildImage({ name: "x", runAsRoot: ${text} });`);
    const told = await on.failure("x");
    expect(told).toContain(said);
    expect(told).toMatch(/a\/image\.ts:\d+:\d+/);
  });

  test("the environment is fixed, stdin is empty, nothing of the user's is there", async () => {
    on.define(
      rootImage(
        "x",
        "env | cut -d= -f1 | sort > /env; echo $PATH $HOME $TZ $LC_ALL $SOURCE_DATE_EPOCH >> /env; umask >> /env; cat | wc -c >> /env",
      ),
    );
    const [env] = (
      await on.members("x", { env: { CANARY: "leaks", LD_PRELOAD: "", BASH_ENV: "/etc/profile" }, umask: 0o077 })
    ).filter(({ path }) => path === "env");
    const names = ["HOME", "LC_ALL", "PATH", "PWD", "SHLVL", "SOURCE_DATE_EPOCH", "TMPDIR", "TZ"];
    expect(env?.content.split("\n").filter((line) => line !== "_" && line !== "OLDPWD")).toEqual([
      ...names,
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/.imgbuild/tools /root UTC C 1",
      "0022",
      "0",
      "",
    ]);
  });

  test("a first line names an interpreter of the image, and a missing one is said; a shell's gets -e all the same", async () => {
    on.define(
      `${rootImage("x", "#!/bin/cat\nprinted\n")}${rootImage("none", "#!/usr/bin/env python3\nprint(1)\n")}${rootImage("lost", "#!/opt/perl\n1;\n")}${rootImage("sh", "#! /bin/sh\nfalse\ntrue\n")}`,
    );
    expect((await on.build("x", "-v")).stderr).toContain("//a:x runAsRoot | printed\n");
    expect(await on.failure("none")).toContain("env");
    expect(await on.failure("lost")).toContain(
      "Put /opt/perl, which the first line of the script names, into the image",
    );
    expect(await on.failure("sh")).toContain("exit code 1");
  });

  test("extraCommands that write to / are told where to write", async () => {
    on.define(`export const x = buildImage({ name: "x", extraCommands: "echo hi > /etc/motd" });`);
    expect(await on.failure("x")).toContain(
      "In extraCommands paths are relative to the image's root: write etc/x for /etc/x",
    );
  });

  test("windows line ends are the script's own", async () => {
    on.define(rootImage("x", "echo a\r\ntrue\r\n"));
    expect(await on.failure("x")).toContain("exit code 127");
  });

  test("an image without a shell is lent one; one for another machine is told so", async () => {
    on.define(`export const x = buildImage({ name: "x", runAsRoot: "mkdir /data; ls / | tr '\\n' ' ' > /data/ls" });
      export const y = buildImage({ name: "y", copyToRoot: tree({ "/bin/sh": text("#!/nowhere", { mode: 0o755 }), "/lib64/ld-linux-x86-64.so.2": text("x") }), runAsRoot: "true" });`);
    expect(await on.top("x")).toEqual(["directory 755 0:0 data", "file 644 0:0 data/ls"]);
    expect((await on.build("y")).code).toBe(0);
    const bare = await on.rig.run(["build", "//a:y", "--no-cache"], { env: { PATH: "/usr/sbin:/usr/bin" } });
    expect(bare.code).toBe(0);
  });

  test("two scripts at once with -j2, and the one that fails leaves the other be with -k", async () => {
    on.define(
      `${rootImage("x", "sleep 1; echo x > /x")}${rootImage("y", "sleep 1; echo y > /y; echo bad; exit 9")}${rootImage("z", "sleep 1; echo z > /z")}`,
    );
    const { code, events } = await on.rig.run(["build", "//a:x", "//a:y", "//a:z", "-j2", "-k", "--json"]);
    expect(code).toBe(1);
    const ends = events.filter((event) => event.type === "step.end" && event.kind === "scriptLayer");
    expect(ends.map((event) => `${event.label} ${event.result}`).sort()).toEqual([
      "//a:x built",
      "//a:y failed",
      "//a:z built",
    ]);
    const started = events.findIndex((event) => event.type === "step.end" && event.kind === "scriptLayer");
    expect(
      events.slice(0, started).filter((event) => event.type === "step.start" && event.kind === "scriptLayer"),
    ).toHaveLength(2);
    expect(events.filter((event) => event.type === "step.output" && event.source === "runAsRoot")).toEqual([
      expect.objectContaining({ label: "//a:y", source: "runAsRoot", lines: ["bad"] }),
    ]);
  });
});
