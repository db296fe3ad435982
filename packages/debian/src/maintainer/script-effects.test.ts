import { readDeb } from "../deb/read-deb.ts";
import { controlOf, makeDeb } from "../testing/make-deb.ts";
import { inPieces } from "../testing/streams.ts";
import { KNOWN_NEEDS, knownNeed } from "./known-needs.ts";
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

  test("what debhelper adds is no reason for a warning, other commands are", async () => {
    const added =
      "# Automatically added by dh_x/13\nif true; then\n chmod 0 /x\nfi\n# End automatically added section\n";
    expect(await kinds(`#!/bin/sh\n${added}\ncase "$1" in\n configure|abort-upgrade)\n ;;\nesac\nexit 0\n`)).toEqual(
      [],
    );
    const { warnings } = await effects(`#!/bin/sh\n${added}\nmkdir -p /var/lib/x && chown x: /var/lib/x\n`);
    expect(warnings).toEqual([
      { package: "demo", kind: "script", message: "demo: its scripts are not run; they use chown, mkdir" },
    ]);
  });

  test("calls that cannot be read off, and programs that are no shell scripts, are said to be so", async () => {
    expect(await kinds('#!/bin/sh\nadduser --system "$U"\n')).toEqual(["accounts"]);
    expect(await kinds("#!/bin/bash\nupdate-alternatives --install $A\n")).toEqual(["alternatives"]);
    expect(await kinds("#!/usr/bin/perl\nprint 1;\n")).toEqual(["script"]);
  });

  test("packages that are known to need more are named with what to do", async () => {
    const { warnings } = await effects("#!/bin/sh\nchmod 0 /x\n", "postgresql-15");
    expect(warnings).toEqual([{ package: "postgresql-15", kind: "known", message: expect.stringContaining("initdb") }]);
    expect(knownNeed("mysql-server-8.0")?.message).toContain("initialize");
    expect(knownNeed("nothing-known")).toBeUndefined();
    expect(KNOWN_NEEDS.every(({ message }) => !message.endsWith("."))).toBe(true);
  });
});
