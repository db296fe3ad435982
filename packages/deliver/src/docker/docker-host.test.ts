import { parseDockerHost } from "./docker-host.ts";

describe("a DOCKER_HOST", () => {
  test.each([
    ["unix:///var/run/docker.sock", { kind: "unix", socketPath: "/var/run/docker.sock" }],
    ["tcp://example.org:2375", { hostname: "example.org", port: 2375, secure: false, prefix: "" }],
    ["tcp://example.org", { port: 2375 }],
    ["tcp://example.org:80", { port: 80 }],
    ["https://example.org", { port: 2376, secure: true }],
    ["tcp://[::1]:2375", { hostname: "::1", port: 2375 }],
    ["tcp://example.org:2375/docker/", { prefix: "/docker" }],
    ["localhost:2375", { hostname: "localhost", port: 2375 }],
  ])("%s is read", (text, expected) => {
    expect(parseDockerHost(text, false)).toMatchObject(expected);
  });

  test("a tcp host with certificates speaks TLS", () => {
    expect(parseDockerHost("tcp://example.org:2376", true)).toMatchObject({ secure: true, port: 2376 });
  });

  test.each(["", "unix://", "tcp://", "tcp://a b", "ftp://x"])("%j is refused as no address", (text) => {
    expect(() => parseDockerHost(text, false)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test.each(["ssh://me@host", "npipe:////./pipe/docker_engine"])("%s is refused with a way out", (text) => {
    expect(() => parseDockerHost(text, false)).toThrow(
      expect.objectContaining({ code: "unsupported", hint: expect.stringContaining("ssh -L") }),
    );
  });
});
