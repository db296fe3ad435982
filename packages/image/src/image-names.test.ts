import { fullName, readImageName, repoTag, sameName } from "./image-names.ts";

describe("names in archives", () => {
  test.each([
    ["app", "app:latest", "docker.io/library/app:latest"],
    ["team/app:1", "team/app:1", "docker.io/team/app:1"],
    ["host:5000/app:1", "host:5000/app:1", "host:5000/app:1"],
    ["localhost/app:1", "localhost/app:1", "localhost/app:1"],
  ])("%s is written as %s, and for containerd as %s", (reference, tag, full) => {
    expect(repoTag(reference)).toBe(tag);
    expect(fullName(reference)).toBe(full);
  });

  test.each([
    ["host:5000/app", { name: "host:5000/app", tag: undefined }],
    ["host:5000/app:1", { name: "host:5000/app", tag: "1" }],
    ["app:1@sha256:abc", { name: "app", tag: "1" }],
    [":1", { name: "", tag: "1" }],
  ])("%s is read in its parts", (text, parts) => {
    expect(readImageName(text)).toEqual(parts);
  });

  test("Docker Hub and localhost may be left out, and nothing else", () => {
    expect(sameName("docker.io/library/app", "app")).toBe(true);
    expect(sameName("index.docker.io/team/app", "team/app")).toBe(true);
    expect(sameName("localhost/app", "app")).toBe(true);
    expect(sameName("host/app", "app")).toBe(false);
    expect(sameName("app", "app1")).toBe(false);
  });
});
