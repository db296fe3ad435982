import { authorizationFor } from "./netrc.ts";

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString("base64")}`;

const NETRC = `# mine
machine a.example login me password p1 account x
macdef init
cd /pub
machine evil.example login no password no

machine b.example
  login "me too"
  password "with \\"quotes\\" and spaces"
machine nopassword.example login me
default login anonymous password guest
`;

test.each([
  ["https://a.example/x", basic("me:p1")],
  ["https://b.example:8443/x", basic('me too:with "quotes" and spaces')],
  ["https://other.example/", basic("anonymous:guest")],
  ["http://127.0.0.1:1/x", basic("anonymous:guest")],
  ["https://nopassword.example/", undefined],
  ["http://a.example/x", undefined],
  ["https://user@a.example/x", undefined],
  ["nonsense", undefined],
])("%s", (url, authorization) => {
  expect(authorizationFor(url, NETRC)).toBe(authorization);
});

test("macros are no entries", () => {
  expect(authorizationFor("https://evil.example/", NETRC)).toBe(basic("anonymous:guest"));
});

test("an empty or cut file says nothing", () => {
  for (const text of ["", "machine", "machine a.example login", "login x password y"])
    expect(authorizationFor("https://a.example/", text)).toBeUndefined();
});
