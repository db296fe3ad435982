import { accountFiles } from "./account-files.ts";
import type { WantedAccount } from "./accounts.ts";
import { accountsOf } from "./adduser.ts";
import { shellCommands } from "./shell/run.ts";
import { accountsOfSysusers, isSysusersPath } from "./sysusers.ts";

const accountsOfText = (script: string) => accountsOf(shellCommands(script));
const user = (name: string, own: object = {}): WantedAccount => ({
  kind: "user",
  name,
  uid: undefined,
  group: undefined,
  gecos: "",
  home: "/nonexistent",
  shell: "/usr/sbin/nologin",
  ...own,
});

describe("accounts in maintainer scripts", () => {
  test.each<[string, readonly WantedAccount[]]>([
    ["adduser --system --group --quiet redis", [user("redis")]],
    [
      'adduser --system $quiet --home /var/lib/postgresql --no-create-home \\\n  --shell /bin/bash --group --gecos "PostgreSQL administrator" postgres',
      [user("postgres", { home: "/var/lib/postgresql", shell: "/bin/bash", gecos: "PostgreSQL administrator" })],
    ],
    [
      "if true; then /usr/sbin/adduser --system --uid 42 _apt >/dev/null 2>&1 || true; fi",
      [user("_apt", { uid: 42, group: "nogroup" })],
    ],
    ["adduser --system --ingroup mail --home=/var/mail x", [user("x", { group: "mail", home: "/var/mail" })]],
    [
      "getent group ssl-cert > /dev/null || addgroup --quiet --system --force-badname ssl-cert",
      [{ kind: "group", name: "ssl-cert", gid: undefined }],
    ],
    ["groupadd -g 42 shadow || (\n cat <<EOF\n)", [{ kind: "group", name: "shadow", gid: 42 }]],
    [
      "useradd -r -d /srv -s /bin/false -G video,audio app",
      [
        user("app", { home: "/srv", shell: "/bin/false" }),
        { kind: "member", user: "app", group: "video" },
        { kind: "member", user: "app", group: "audio" },
      ],
    ],
    ["adduser postgres ssl-cert", [{ kind: "member", user: "postgres", group: "ssl-cert" }]],
    ["# adduser --system commented\necho adduser --system said", []],
  ])("%j", (script, accounts) => {
    expect(accountsOfText(`#!/bin/sh\n${script}\n`)).toEqual({ accounts, complete: true });
  });

  test.each([
    "adduser --system $USER",
    'addgroup --system "$'.concat('{GROUP}x"'),
    "adduser --system 'a:b'",
    "useradd -r -d /a:b c",
    "adduser --system --gid 7 x",
  ])("%j cannot be read off, and is said to be so", (script) => {
    expect(accountsOfText(script)).toEqual({ accounts: [], complete: false });
  });

  test("a hostile script takes no long time", () => {
    expect(accountsOfText(`adduser ${'"\\'.repeat(50_000)}`).accounts).toEqual([]);
    expect(accountsOfText("\\".repeat(100_000)).accounts).toEqual([]);
  });
});

describe("sysusers.d", () => {
  test("users, groups and members", () => {
    const text =
      '# x\ng input - -\nu web 33:mail "Web Server" /var/www /bin/sh\nu! app - - -\nm app input\nr - 500-900\n';
    expect(accountsOfSysusers(text, "x.conf")).toEqual([
      { kind: "group", name: "input", gid: undefined },
      user("web", { uid: 33, group: "mail", gecos: "Web Server", home: "/var/www", shell: "/bin/sh" }),
      { kind: "group", name: "app", gid: undefined },
      user("app", { home: "/" }),
      { kind: "group", name: "input", gid: undefined },
      { kind: "member", user: "app", group: "input" },
    ]);
  });

  test.each(["x", "u", "u a:b", "z name", 'u a - "x:y"', "m a"])("%j is an error with its line", (line) => {
    expect(() => accountsOfSysusers(`\n${line}\n`, "x.conf")).toThrow('Cannot read line 2 of "x.conf"');
  });

  test("where they lie", () => {
    expect(
      ["usr/lib/sysusers.d/a.conf", "etc/sysusers.d/a.conf", "usr/lib/sysusers.d/a", "lib/a.conf"].map(isSysusersPath),
    ).toEqual([true, true, false, false]);
  });
});

describe("passwd and group", () => {
  const base = {
    passwd: "root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    group: "root:*:0:\nmail:*:8:\nusers:*:100:\nnogroup:*:65534:\n",
  };

  test("have the base and then what packages want, numbers from 100 up, whatever the order", () => {
    const wanted: WantedAccount[] = [
      { kind: "member", user: "web", group: "mail" },
      { kind: "member", user: "web", group: "missing" },
      user("web"),
      user("app", { group: "nogroup", home: "/srv" }),
      user("root"),
      { kind: "group", name: "extra", gid: undefined },
      user("fixed", { uid: 42 }),
    ];
    const files = accountFiles(base, wanted);
    expect(files.passwd).toBe(
      [
        "root:x:0:0:root:/root:/bin/bash",
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
        "fixed:x:42:42::/nonexistent:/usr/sbin/nologin",
        "app:x:100:65534::/srv:/usr/sbin/nologin",
        "web:x:102:102::/nonexistent:/usr/sbin/nologin",
        "",
      ].join("\n"),
    );
    expect(files.group).toBe(
      "root:x:0:\nmail:x:8:web\nusers:x:100:\nnogroup:x:65534:\nextra:x:101:\nfixed:x:42:\nweb:x:102:\n",
    );
    expect(files.shadow.split("\n")[0]).toBe("root:*::0:99999:7:::");
    expect(files.gshadow).toContain("mail:*::web\n");
    expect(accountFiles(base, [...wanted].reverse())).toEqual(files);
  });

  test("a number that is taken is a conflict; a base that is none is an error", () => {
    expect(() => accountFiles(base, [user("a", { uid: 0 })])).toThrow('Cannot add the user "a": its number 0 is taken');
    expect(() => accountFiles({ ...base, passwd: "root:x\n" }, [])).toThrow("wanted a line of passwd");
    const many = Array.from({ length: 1000 }, (_, i) => user(`u${i}`));
    expect(() => accountFiles(base, many)).toThrow("no number from 100 to 999 is free");
  });
});
