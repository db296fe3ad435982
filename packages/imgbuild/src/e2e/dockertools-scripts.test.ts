import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const SERVED = `httpd -p 80 -h /www && wget -q -O - http://127.0.0.1/`;

const QUOTED = `printf '%s\\n' '$HOME "q" (p) \\n' "a'b" > out
cat >> out <<'EOF'
$(not run) \`nor this\`
EOF`;

const DEFINITION = `
const users = imgbuild.fakeNss({ extraPasswdLines: ["www:x:101:101::/www:/bin/sh"], extraGroupLines: ["www:x:101:"] });
const page = tree({ "/www/index.html": text("served\\n") });
const server = { contents: [bash, users, page], extraCommands: "mkdir -p tmp/client_body var/log/server\\nchmod 1777 tmp", config: { Cmd: ["/bin/sh", "-c", ${JSON.stringify(SERVED)}], ExposedPorts: { "80/tcp": {} } } };
export const nginx = buildLayeredImage({ name: "nginx", ...server });
export const streamed = streamLayeredImage({ name: "nginx-streamed", ...server });

export const both = buildImage({ name: "both", copyToRoot: bash, runAsRoot: 'echo "(runAsRoot)" > runAsRoot', extraCommands: 'echo "(extraCommands)" > extraCommands' });
export const order = buildImage({ name: "order", copyToRoot: bash, runAsRoot: "echo root > /order; id -u >> /order; pwd >> /order", extraCommands: "echo extra >> order; id -u >> order; test ! -e usr" });
const parent = buildImage({ name: "parent", copyToRoot: [bash, tree({ "/keep": text("keep"), "/gone/deep/file": text("x"), "/etc/conf": text("parent") })] });
export const onParent = buildImage({ name: "on-parent", fromImage: parent, runAsRoot: "busybox rm -r /gone; echo child > /etc/conf; chmod 600 /keep; chown 12:34 /keep" });
export const onArchive = buildImage({ name: "on-archive", fromImage: "./parent.tar", runAsRoot: "cat /keep > /copy; busybox mkdir /gone/more" });
export const quoted = buildImage({ name: "quoted", copyToRoot: bash, extraCommands: ${JSON.stringify(QUOTED)} });

export const chroot = streamLayeredImage({ name: "chroot", contents: [bash, hello], enableFakechroot: true, fakeRootCommands: "mkdir /bin2 && echo 'link to hello' > /note && busybox ln -s /bin/hello /bin2/hello", config: { Cmd: ["/bin2/hello"] } });
export const etc = streamLayeredImage({ name: "etc", contents: [bash, tree({ "/etc": tree({ "/hosts.d/local": text("127.0.0.1 localhost\\n") }) })], fakeRootCommands: "cat etc/hosts.d/local > etc/hosts.all", config: { Cmd: ["/bin/cat", "/etc/hosts.all"] } });

export const ca = buildImage({ name: "ca", copyToRoot: [bash, caCertificates({ bundle: "./ca.pem" })] });
export const shells = buildImage({ name: "shells", copyToRoot: [bash, binSh({ shell: "/bin/busybox" }), imgbuild.usrBinEnv({ env: "/bin/busybox" }), imgbuild.ianaEtc(), users] });
const tool = (name) => tree({ ["/bin/" + name]: text("#!/bin/sh\\necho " + name + "\\n", { mode: 0o755 }) });
export const editors = buildImage({ name: "editors", tag: null, copyToRoot: [bash, ...["vim", "nano", "ed", "joe", "emacs"].map(tool)] });
`;

describeWithTools([...DOCKER_TOOLS, "unshare", "setpriv"], "dockerTools G: scripts and helpers", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({
      "g/image.ts": definition(DEFINITION),
      "g/ca.pem": "-----BEGIN CERTIFICATE-----\n",
    });
  });
  afterAll(() => on?.stop());

  const outputOf = async (name: string, ...command: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = on.run(await on.load(`//g:${name}`), ...command);
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    return stdout;
  };

  test.each(["nginx", "streamed"])(
    "DT-22, DT-78b: a server with users, directories and a port answers (%s)",
    async (name) => {
      expect(await outputOf(name)).toBe("served\n");
      expect(await outputOf(name, "stat", "-c", "%a", "/tmp", "/var/log/server")).toBe("1777\n755\n");
    },
  );

  test("DT-24, DT-79: files of runAsRoot and of extraCommands are both there, and the second ran after the first", async () => {
    expect(await outputOf("both", "cat", "/runAsRoot", "/extraCommands")).toBe("(runAsRoot)\n(extraCommands)\n");
    expect(await outputOf("order", "cat", "/order")).toBe("root\n0\n/\nextra\n0\n");
  });

  test("DT-32, DT-33: runAsRoot on a parent changes, deletes and keeps what is below", async () => {
    const shown = "cat /etc/conf; stat -c '%a %u:%g' /keep; test -e /gone && echo there";
    expect(await outputOf("onParent", "sh", "-c", `${shown}; true`)).toBe("child\n600 12:34\n");
    const top = (await on.saved("//g:onParent")).layers.at(-1)?.map(({ path }) => path);
    expect(top).toEqual(expect.arrayContaining([".wh.gone", "etc/conf", "keep"]));
    expect(top).not.toContain("bin/busybox");
  });

  test("and so on an archive, whose other files are not stored again", async () => {
    await on.imgbuild("build", "//g:onParent", "-o", on.rig.path("g/parent.tar"));
    // The parent of this archive has no /gone: mkdir of a directory below it fails, and says so.
    const said = await on.refusal("//g:onArchive");
    expect(said).toContain("can't create directory '/gone/more'");
    expect(said).toContain("runAsRoot");
    on.rig.write("g/image.ts", definition(DEFINITION.replace("/gone/more", "/more")));
    expect(await outputOf("onArchive", "cat", "/copy")).toBe("keep");
    expect((await on.saved("//g:onArchive")).layers.at(-1)?.map(({ path }) => path)).toEqual(["copy", "more"]);
  });

  test("the text of a script arrives unharmed", async () => {
    expect(await outputOf("quoted", "cat", "/out")).toBe('$HOME "q" (p) \\n\na\'b\n$(not run) `nor this`\n');
  });

  test("DT-53, DT-50: under fake chroot absolute paths are those of the image", async () => {
    expect(await outputOf("chroot")).toBe("Hello, world!\n");
    expect(await outputOf("chroot", "cat", "/note")).toBe("link to hello\n");
  });

  test("DT-58: a generated /etc is read; a command that is one text is refused with the right form", async () => {
    expect(await outputOf("etc")).toBe("127.0.0.1 localhost\n");
    const text = `export default buildImage({ name: "text", config: { Cmd: "/bin/cat /etc/hosts" } });`;
    on.rig.write("text/image.ts", definition(text));
    expect(await on.refusal("//text")).toContain('Write Cmd: ["/bin/cat","/etc/hosts"]');
  });

  test("DT-55, DT-59, DM-06: helpers are where programs look for them", async () => {
    const places = [
      "/etc/ssl/certs/ca-bundle.crt",
      "/etc/ssl/certs/ca-certificates.crt",
      "/etc/pki/tls/certs/ca-bundle.crt",
    ];
    expect(await outputOf("ca", "cat", ...places)).toBe("-----BEGIN CERTIFICATE-----\n".repeat(3));
    const script =
      "grep -c . /etc/passwd; grep -w ^ssh /etc/services; grep -w tcp /etc/protocols; id www; ls -d /var/empty";
    expect(await outputOf("shells", "/bin/sh", "-c", script)).toBe(
      "3\nssh\t22/tcp\ntcp\t6\tTCP\nuid=101(www) gid=101(www) groups=101(www)\n/var/empty\n",
    );
    const links = "readlink /bin/sh; readlink /usr/bin/env";
    expect(await outputOf("shells", "sh", "-c", links)).toBe("/bin/busybox\n/bin/busybox\n");
  });

  test("DT-78: five tools of one root coexist in /bin", async () => {
    expect(await outputOf("editors", "sh", "-c", "cd /bin; ./vim; ./nano; ./ed; ./joe; ./emacs")).toBe(
      "vim\nnano\ned\njoe\nemacs\n",
    );
  });
});
