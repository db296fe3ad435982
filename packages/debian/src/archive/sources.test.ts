import { parseAptSources } from "./sources.ts";

const plain = { architectures: [], signedBy: [], trusted: false, checkValidUntil: true };

describe("sources of apt", () => {
  test("one line each, with options and comments", () => {
    const text = [
      "# a comment",
      "deb http://mirror.example/debian stable main contrib # another",
      "",
      "deb-src [arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg check-valid-until=no] https://mirror.example/x stable main",
      "deb [trusted=yes] file:/srv/flat ./",
    ].join("\n");
    expect(parseAptSources(text, "sources.list")).toEqual([
      {
        ...plain,
        types: ["deb"],
        uris: ["http://mirror.example/debian"],
        suites: ["stable"],
        components: ["main", "contrib"],
      },
      {
        ...plain,
        types: ["deb-src"],
        uris: ["https://mirror.example/x"],
        suites: ["stable"],
        components: ["main"],
        architectures: ["amd64", "arm64"],
        signedBy: ["/usr/share/keyrings/a.gpg"],
        checkValidUntil: false,
      },
      { ...plain, types: ["deb"], uris: ["file:/srv/flat"], suites: ["./"], components: [], trusted: true },
    ]);
  });

  test("deb822, with several values, a key in the file and a disabled entry", () => {
    const text = [
      "# a comment",
      "Types: deb deb-src",
      "URIs: http://mirror.example/debian",
      "Suites: stable stable-updates",
      "Components: main",
      "Signed-By:",
      " -----BEGIN PGP PUBLIC KEY BLOCK-----",
      " .",
      " AAAA",
      " -----END PGP PUBLIC KEY BLOCK-----",
      "",
      "Enabled: no",
      "Types: deb",
      "URIs: http://mirror.example/off",
      "Suites: stable",
      "Components: main",
    ].join("\n");
    expect(parseAptSources(text, "debian.sources")).toEqual([
      {
        ...plain,
        types: ["deb", "deb-src"],
        uris: ["http://mirror.example/debian"],
        suites: ["stable", "stable-updates"],
        components: ["main"],
        signedBy: ["-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"],
      },
    ]);
  });

  test("nothing but comments is no source", () => {
    expect(parseAptSources("# deb http://mirror.example/debian stable main\n", "x")).toEqual([]);
  });

  test.each([
    ["rpm http://mirror.example stable main\ndeb x", "line"],
    ["deb http://mirror.example\n", "it has no suite"],
    ["deb http://mirror.example stable\n", "it has no component"],
    ["deb http://mirror.example stable/ main\n", 'ends in "/"'],
    ["deb mirror.example stable main\n", "it has no URI"],
    ["deb [arch] http://mirror.example stable main\n", 'no "name=value"'],
    ["Types: rpm\nURIs: http://mirror.example\nSuites: stable\nComponents: main\n", "wanted deb or deb-src"],
    ["Types: deb\nSuites: stable\nComponents: main\n", "entry 1 of x"],
  ])("%j is an error that says what and where", (text, message) => {
    expect(() => parseAptSources(text, "x")).toThrow(message);
  });
});
