import { readDeb } from "../deb/read-deb.ts";
import { controlOf, makeDeb } from "../testing/make-deb.ts";
import { inPieces } from "../testing/streams.ts";
import { KNOWN_NEEDS, knownNeed } from "./known-needs.ts";
import { changedMode, isModeChange } from "./mode-change.ts";
import { scriptEffects } from "./script-effects.ts";

const effects = async (postinst: string, name = "demo") => {
  const deb = makeDeb({ control: controlOf().replace("demo", name), controlFiles: { postinst } });
  const { control, close } = await readDeb(inPieces(deb), { what: "x" });
  await close();
  return scriptEffects(control);
};
const kinds = async (postinst: string, name?: string) =>
  (await effects(postinst, name)).warnings.map(({ kind }) => kind);

describe("what scripts would have done", () => {
  test("accounts and alternatives are read off", async () => {
    const { accounts, alternatives, warnings } = await effects(
      "#!/bin/sh\nset -e\nadduser --system app\nupdate-alternatives --install /usr/bin/a a /usr/bin/b 1\n",
    );
    expect([accounts.length, alternatives.length, warnings]).toEqual([1, 1, []]);
  });

  test("owners, modes, directories and links are read off; commands that nobody understands are said", async () => {
    const { paths, warnings } = await effects(
      `#!/bin/sh
set -e
DIR=/var/lib/demo
OWNER=demo
own() { chown "$1" "$2"; chmod 0750 "$2"; }
case "$1" in
  configure)
    [ -d $DIR ] || mkdir -p $DIR
    own $OWNER:adm $DIR
    for name in a b; do ln -sf /usr/bin/$name-1 /usr/bin/$name; done
    install -d -m 2775 -o demo -g adm "/run/$DPKG_MAINTSCRIPT_PACKAGE"
    if [ -n "$2" ]; then chown root /never; fi
    if dpkg --compare-versions "$2" lt-nl 2; then rm -rf /x; chown root /never; fi
    setcap cap_net_raw+ep /usr/bin/ping
    cat > /etc/x <<EOF
chown root /never
EOF
    ;;
  abort-upgrade) chown root /never ;;
esac
exit 0
chown root /never
`,
    );
    const shown = paths.map(({ kind, path, mode, user, group, argument }) =>
      [kind, path, mode?.toString(8), user, group, argument]
        .filter((part) => part !== undefined && part !== "")
        .join(" "),
    );
    expect(shown).toEqual([
      "directory var/lib/demo",
      "own var/lib/demo demo adm",
      "own var/lib/demo 750",
      "link usr/bin/a /usr/bin/a-1",
      "link usr/bin/b /usr/bin/b-1",
      "directory run/demo 2775 demo adm",
    ]);
    expect(warnings).toEqual([
      { package: "demo", kind: "script", message: "demo: its scripts are not run; they use setcap" },
    ]);
  });

  test("conditions on files ask the system; without one both ways are gone", async () => {
    const script = "#!/bin/sh\nif [ -e /etc/a ]; then chown a /x; else chown b /x; fi\n[ ! -f /etc/a ] || chmod 1 /y\n";
    const { control, close } = await readDeb(inPieces(makeDeb({ controlFiles: { postinst: script } })), { what: "x" });
    await close();
    const said = (look?: (path: string) => "file" | undefined) =>
      scriptEffects(control, look && { architecture: "amd64", look }).paths.map(({ user, mode }) => user ?? mode);
    expect(said()).toEqual(["a", "b", 1]);
    expect(said(() => "file")).toEqual(["a", 1]);
    expect(said(() => undefined)).toEqual(["b"]);
  });

  test("changes of modes are those of chmod", () => {
    const cases = ["u+s", "g+s,o-rwx", "a+x", "=r", "u=rwx,go=", "+t", "g=u", "o+X", "-R"];
    expect(cases.filter(isModeChange)).toEqual(["u+s", "g+s,o-rwx", "a+x", "=r", "u=rwx,go=", "+t", "o+X"]);
    const changed = cases.filter(isModeChange).map((change) => changedMode(0o644, change, false).toString(8));
    expect(changed).toEqual(["4644", "2640", "755", "444", "700", "1644", "644"]);
    expect(changedMode(0o750, "o+X", false).toString(8)).toBe("751");
  });

  test("a script without an end, one that calls itself, and one that is all brackets take no long time", async () => {
    for (const script of [
      "f() { f; f; }\nf\n",
      "while true; do chown a /b",
      "if ".repeat(10_000),
      "( ".repeat(20_000),
      'case "$1" in\n'.repeat(5_000),
      `${"for i in a a a a a a a a a a; do ".repeat(12)} chown a /b`,
      `A=x\n${'A="$A$A"\n'.repeat(60)}chown $A /b`,
    ]) {
      await expect(effects(`#!/bin/sh\n${script}`)).resolves.toBeDefined();
    }
  });

  test("calls that cannot be read off, and programs that are no shell scripts, are said to be so", async () => {
    expect(await kinds('#!/bin/sh\nadduser --system "$U"\n')).toEqual(["accounts"]);
    expect(await kinds("#!/bin/bash\nupdate-alternatives --install $A\n")).toEqual(["alternatives"]);
    expect(await kinds("#!/usr/bin/perl\nprint 1;\n")).toEqual(["script"]);
  });

  test("packages that are known to need more are named with what to do", async () => {
    const { warnings } = await effects("#!/bin/sh\nsetcap x /x\n", "postgresql-15");
    expect(warnings).toEqual([{ package: "postgresql-15", kind: "known", message: expect.stringContaining("initdb") }]);
    expect(knownNeed("mysql-server-8.0")?.message).toContain("initialize");
    expect(["nothing-known", "postgresql-15-postgis-3"].map(knownNeed)).toEqual([undefined, undefined]);
    expect(KNOWN_NEEDS.every(({ message }) => !message.endsWith("."))).toBe(true);
  });
});
