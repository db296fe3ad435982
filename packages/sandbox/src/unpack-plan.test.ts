import type { TarHeader } from "@imgbuild/tar";
import fc from "fast-check";
import { directoryHeader, UnpackPlan } from "./unpack-plan.ts";

type Row = readonly [path: string, type: TarHeader["type"], link?: string];

function planOf(rows: readonly Row[]): UnpackPlan {
  const plan = new UnpackPlan();
  for (const [path, type, linkname = ""] of rows) plan.add({ ...directoryHeader(path), type, linkname });
  plan.finish();
  return plan;
}

const shown = (plan: UnpackPlan) =>
  [...plan.nodes.values()].map(({ path, header, opaque }) => `${header.type} ${path}${opaque ? " opaque" : ""}`).sort();

describe("the plan of a layer", () => {
  test("has the directories above a member", () => {
    expect(shown(planOf([["a/b/c", "file"]]))).toEqual(["directory a", "directory a/b", "file a/b/c"]);
  });

  test("the last of several members wins, and a file in place of a directory takes away what was below", () => {
    expect(
      shown(
        planOf([
          ["a/b", "file"],
          ["a", "file"],
        ]),
      ),
    ).toEqual(["file a"]);
    expect(
      shown(
        planOf([
          ["a", "symlink", "x"],
          ["a", "directory"],
        ]),
      ),
    ).toEqual(["directory a"]);
  });

  test.each([
    ["a member with ..", [["a/../../etc/passwd", "file"]], "leaves the archive"],
    ["a hard link to ..", [["a", "hardlink", "../../etc/passwd"]], "leaves the archive"],
    ["a hard link to nothing of the layer", [["a", "hardlink", "/etc/passwd"]], "not in the layer"],
    [
      "a hard link to a directory",
      [
        ["d", "directory"],
        ["a", "hardlink", "d"],
      ],
      "hard link to the directory",
    ],
    [
      "a member below a file",
      [
        ["a", "file"],
        ["a/b", "file"],
      ],
      "is no directory",
    ],
    [
      "links in a circle",
      [
        ["a", "symlink", "b"],
        ["b", "symlink", "a"],
        ["a/x", "file"],
      ],
      "in a circle",
    ],
    ["a whiteout of ..", [["a/.wh...", "file"]], "whiteout of nothing"],
    ["a whiteout of .", [["a/.wh..", "file"]], "whiteout of nothing"],
    ["a whiteout without a name", [[".wh.", "file"]], "whiteout of nothing"],
  ] as readonly (readonly [string, readonly Row[], string])[])("refuses %s", (_, rows, message) => {
    expect(() => planOf(rows)).toThrow(message);
  });

  test("a member below a link lands where the link leads inside the layer, as if the layer were /", () => {
    expect(
      shown(
        planOf([
          ["lib", "symlink", "/etc"],
          ["lib/passwd", "file"],
        ]),
      ),
    ).toEqual(["directory etc", "file etc/passwd", "symlink lib"]);
    expect(
      shown(
        planOf([
          ["a/up", "symlink", "../../../../etc"],
          ["a/up/x", "file"],
        ]),
      ),
    ).toContain("file etc/x");
    expect(
      shown(
        planOf([
          ["usr/lib", "directory"],
          ["lib", "symlink", "usr/lib"],
          ["lib/x", "file"],
        ]),
      ),
    ).toContain("file usr/lib/x");
  });

  test("a hard link goes through the links of the layer, and to the first of its kind", () => {
    const plan = planOf([
      ["usr/lib/x", "file"],
      ["lib", "symlink", "usr/lib"],
      ["y", "hardlink", "lib/x"],
      ["z", "hardlink", "y"],
    ]);
    expect(plan.nodes.get("y")?.header.linkname).toBe("usr/lib/x");
    expect(plan.nodes.get("z")?.header.linkname).toBe("usr/lib/x");
  });

  test("a whiteout hides a path of lower layers; beside a member of that name it hides only what is below", () => {
    const plan = planOf([
      ["a/.wh.gone", "file"],
      ["b/.wh.d", "file"],
      ["b/d", "directory"],
      ["c/.wh..wh..opq", "file"],
      [".wh.f", "file"],
      ["f", "file"],
    ]);
    expect([...plan.whiteouts]).toEqual(["a/gone"]);
    expect(shown(plan)).toEqual(["directory a", "directory b", "directory b/d opaque", "directory c opaque", "file f"]);
  });

  test("whatever the members, no planned path goes through anything but a directory, or out of the root", () => {
    const name = fc.constantFrom("a", "b", "c", ".wh.a", ".wh..wh..opq");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const target = fc.oneof(
      path,
      path.map((text) => `/${text}`),
      path.map((text) => `../../${text}`),
    );
    const row = fc.tuple(
      path,
      fc.constantFrom<TarHeader["type"]>("file", "directory", "symlink", "hardlink", "char"),
      target,
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
        let plan: UnpackPlan;
        try {
          plan = planOf(rows);
        } catch {
          return;
        }
        for (const each of [...plan.nodes.keys(), ...plan.whiteouts]) {
          const parts = each.split("/");
          expect(parts).not.toContain("..");
          for (let i = 1; i < parts.length; i++)
            expect(plan.nodes.get(parts.slice(0, i).join("/"))?.header.type).toBe("directory");
        }
      }),
    );
  });
});
