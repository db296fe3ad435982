import fc from "fast-check";
import { proxyFor, proxyFromEnvironment } from "./proxy.ts";

const through = (url: string, noProxy = "") =>
  proxyFor(new URL(url), { http: "http://proxy:3128", https: "proxy:3129", noProxy })?.host;

describe("which proxy", () => {
  test("depends on the scheme, and may be written without one", () => {
    expect(through("http://example.com/x")).toBe("proxy:3128");
    expect(through("https://example.com/x")).toBe("proxy:3129");
    expect(proxyFor(new URL("http://example.com"), {})).toBeUndefined();
  });

  test.each([
    ["example.com", "http://example.com", true],
    ["example.com", "http://sub.example.com", true],
    ["example.com", "http://notexample.com", false],
    [".example.com", "http://sub.example.com", true],
    ["*.example.com", "http://sub.example.com", true],
    ["EXAMPLE.com", "https://example.COM", true],
    ["other.org, example.com", "http://example.com", true],
    ["other.org example.com", "http://example.com", true],
    ["example.com:8080", "http://example.com:8080", true],
    ["example.com:8080", "http://example.com", false],
    ["example.com:443", "https://example.com", true],
    ["*", "http://anything", true],
    ["10.0.0.0/8", "http://10.1.2.3", true],
    ["10.0.0.0/8", "http://11.1.2.3", false],
    ["10.0.0.0/99", "http://10.1.2.3", false],
    ["fd00::/8", "http://[fd12::1]", true],
    ["[fd12::1]:80", "http://[fd12::1]", true],
    ["2.3", "http://1.2.3.4", false],
    ["", "http://example.com", false],
    ["", "http://localhost:8080", true],
    ["", "http://127.0.0.1", true],
    ["", "http://[::1]", true],
  ])("no_proxy %j and %s: direct is %s", (noProxy, url, direct) => {
    expect(through(url, noProxy) === undefined).toBe(direct);
  });

  test("any text of no_proxy is read without a failure", () => {
    fc.assert(
      fc.property(fc.string(), (noProxy) => typeof (through("http://example.com", noProxy) ?? "") === "string"),
    );
  });

  test("a proxy that is no http address is refused without showing its password", () => {
    const use = () => proxyFor(new URL("http://a"), { http: "socks5://user:secret@proxy:1080" });
    expect(use).toThrow('Cannot use the proxy "socks5://proxy:1080"');
  });
});

test("the environment names proxies in small or capital letters, small first", () => {
  const env = { HTTP_PROXY: "http://a", https_proxy: "http://b", HTTPS_PROXY: "http://c", NO_PROXY: "d" };
  expect(proxyFromEnvironment(env)).toEqual({ http: "http://a", https: "http://b", noProxy: "d" });
  expect(proxyFromEnvironment({ all_proxy: "http://e" })).toMatchObject({ http: "http://e", https: "http://e" });
});
