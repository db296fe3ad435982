import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const SERVER = `extraCommands: "mkdir -p var/log/httpd var/cache/httpd www && echo served > www/index.html && chmod 777 var/log/httpd",
  config: { Cmd: ["/bin/sh", "-c", "echo started > /var/log/httpd/log && httpd -p 80 -h /www && wget -q -O - http://127.0.0.1/"], ExposedPorts: { "80/tcp": {} } }`;

const DEFINITION = `
const { shadowSetup } = imgbuild;
export const server = buildLayeredImage({ name: "server", contents: [bash, fakeNss()], ${SERVER} });
export const streamedServer = streamLayeredImage({ name: "streamed-server", contents: [bash, fakeNss()], ${SERVER} });
export const linked = buildLayeredImage({ name: "linked", contents: [bash, hello], fakeRootCommands: "mkdir -p home/alice && chown 1000 home/alice && ln -s bin/hello hello", config: { Cmd: ["/hello"] } });
export const absolute = streamLayeredImage({ name: "absolute", contents: [bash, hello], enableFakechroot: true,
  fakeRootCommands: "mkdir /opt && ln -s /bin/hello /opt/hello && test ! -e /build", config: { Cmd: ["/opt/hello"] } });
const set = (script) => tree({ "/etc/nix": directory(), "/bin/setup": text(script, { mode: 0o755 }) });
export const activated = streamLayeredImage({ name: "activated", contents: [bash, set("#!/bin/sh\\nmkdir -p /etc && echo 127.0.0.1 localhost > /etc/hosts.made && echo x > /etc/machine-id\\n")],
  enableFakechroot: true, fakeRootCommands: "/bin/setup", config: { Cmd: ["cat", "/etc/hosts.made", "/etc/machine-id"] } });
const tool = (name) => tree({ ["/bin/" + name]: text("#!/bin/sh\\necho " + name + "\\n", { mode: 0o755 }) });
export const tools = streamLayeredImage({ name: "tools", contents: [bash, tool("one"), tool("two"), hello], extraCommands: "test -x bin/one && ln -s one bin/three" });
export const bundles = buildImage({ name: "bundles", copyToRoot: [bash, caCertificates({ bundle: "./ca.pem" })] });

export const base = buildImage({ name: "base", copyToRoot: [bash, hello, tree({ "/srv/old/a": text("a"), "/srv/b": text("b"), "/srv/c": text("c") })] });
export const changed = buildImage({ name: "changed", fromImage: base,
  runAsRoot: "rm -r /srv/old && mkdir /srv/old && echo new > /srv/old/n && rm /srv/b && mkdir /srv/b && chown 12:34 /srv/c && chmod 4711 /srv/c && mkdir -m 1777 /var && rm /bin/hello" });
export const both = buildImage({ name: "both", fromImage: base, copyToRoot: tree({ "/app/f": text("f") }),
  runAsRoot: "#!/bin/sh\\ntest -e /srv/b && echo root >> /app/f", extraCommands: "test ! -e srv && echo extra >> app/f && id -u > app/id" });
export const users = buildLayeredImage({ name: "users", fromImage: base, contents: fakeNss(), enableFakechroot: true,
  fakeRootCommands: shadowSetup + "echo 'app:x:500:500::/home/app:/bin/sh' >> /etc/passwd && mkdir -p /home/app && chown 500:500 /home/app", config: { User: "app", WorkingDir: "/home/app" } });
export const onTop = buildLayeredImage({ name: "on-top", fromImage: changed, contents: tree({ "/app/f": text("f") }), extraCommands: "rm app/f && echo again > app/g" });
`;

describeWithTools(DOCKER_TOOLS, "dockerTools G: scripts at build time", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({
      "g/image.ts": definition(DEFINITION),
      "g/ca.pem": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
    });
  });
  afterAll(() => on?.stop());

  test.each(["server", "streamedServer"])(
    "DT-22, DT-78b: %s serves from directories that extraCommands made",
    async (name) => {
      const reference = await on.load(`//g:${name}`);
      expect(on.run(reference)).toMatchObject({ status: 0, stdout: "served\n" });
      expect((await on.saved(`//g:${name}`)).config.config?.ExposedPorts).toEqual({ "80/tcp": {} });
    },
  );

  test("DT-46, DT-50: what a fake-root script owns and links to is there and runs", async () => {
    const reference = await on.load("//g:linked");
    expect(on.run(reference).stdout).toBe("Hello, world!\n");
    expect(on.run(reference, "stat", "-c", "%u:%g", "/home/alice").stdout).toBe("1000:0\n");
    expect(on.run(reference, "readlink", "/hello").stdout).toBe("bin/hello\n");
  });

  test("DT-53: with fake chroot absolute paths are those of the image", async () => {
    expect(on.run(await on.load("//g:absolute")).stdout).toBe("Hello, world!\n");
  });

  test("DT-58: a program of the image fills /etc under fake chroot", async () => {
    expect(on.run(await on.load("//g:activated")).stdout).toBe("127.0.0.1 localhost\nx\n");
    const { layers } = await on.saved("//g:activated");
    expect(layers.at(-1)?.map(({ path }) => path)).toEqual(["etc", "etc/hosts.made", "etc/machine-id"]);
  });

  test("DT-54, DT-55, DT-78: tools of several units exist beside each other, with what a script adds", async () => {
    expect(on.run(await on.load("//g:tools"), "sh", "-c", "one; two; three; hello").stdout).toBe(
      "one\ntwo\none\nHello, world!\n",
    );
  });

  test("DT-59: the bundle of certificates is readable at its three places", async () => {
    const places = [
      "/etc/ssl/certs/ca-bundle.crt",
      "/etc/ssl/certs/ca-certificates.crt",
      "/etc/pki/tls/certs/ca-bundle.crt",
    ];
    const reference = await on.load("//g:bundles");
    for (const place of places)
      expect(on.runWith(["--user", "1000"], reference, "head", "-c", "5", place).status).toBe(0);
  });

  test("DT-24, DT-32, DT-33, DT-79: what runAsRoot removes, replaces and gives to others is so in containers", async () => {
    const reference = await on.load("//g:changed");
    const shown = on.run(
      reference,
      "sh",
      "-c",
      "cd /srv; ls old b; stat -c '%n %u:%g %a' c /var; test -e /bin/hello || echo no hello",
    );
    expect(shown.stdout).toBe("b:\n\nold:\nn\nc 12:34 4711\n/var 0:0 1777\nno hello\n");
    const { layers } = await on.saved("//g:changed");
    expect(layers.at(-1)?.map(({ path }) => path)).toEqual([
      ...["bin", "bin/.wh.hello", "srv", "srv/b", "srv/c", "srv/old", "srv/old/.wh..wh..opq", "srv/old/n", "var"],
    ]);
  });

  test("runAsRoot runs first and sees the base; extraCommands follow as root, on what is new alone", async () => {
    expect(on.run(await on.load("//g:both"), "cat", "/app/f", "/app/id").stdout).toBe("froot\nextra\n0\n");
  });

  test("a user made by shadowSetup and a script can be the user of the image", async () => {
    const reference = await on.load("//g:users");
    expect(on.run(reference, "sh", "-c", "id -u; pwd; touch here && echo mine").stdout).toBe("500\n/home/app\nmine\n");
  });

  test("a layered image on top of one with scripts keeps what is deleted deleted", async () => {
    const reference = await on.load("//g:onTop");
    expect(on.run(reference, "sh", "-c", "ls /srv/old /app; test -e /bin/hello || echo no hello").stdout).toBe(
      "/app:\ng\n\n/srv/old:\nn\nno hello\n",
    );
  });
});
