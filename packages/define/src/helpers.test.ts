import type { TreeArgs } from "@imgbuild/graph";
import { complaints, testApi } from "./testing.ts";

const { api } = testApi();
const { binSh, caCertificates, fakeNss, ianaEtc, text, usrBinEnv } = api;
/** Calls that the types refuse. */
const wrong = (call: (api: Record<string, (...args: readonly unknown[]) => unknown>) => unknown) =>
  complaints(() => call(api as never));

/** Destination → the arguments of what stands there. */
function placed(tree: { readonly args: unknown; readonly inputs: readonly { readonly args: unknown }[] }) {
  const { destinations } = tree.args as TreeArgs;
  return Object.fromEntries(destinations.map((path, i) => [path, tree.inputs[i]?.args]));
}

describe("the environment helpers", () => {
  test("place a bundle of certificates at three places, one of them the file", () => {
    const found = placed(caCertificates({ bundle: "./ca.pem" }));
    expect(found["etc/ssl/certs/ca-certificates.crt"]).toMatchObject({ path: "images/app/ca.pem" });
    expect(found["etc/ssl/certs/ca-bundle.crt"]).toEqual({ target: "ca-certificates.crt" });
    expect(found["etc/pki/tls/certs/ca-bundle.crt"]).toEqual({ target: "/etc/ssl/certs/ca-certificates.crt" });
    expect(wrong((it) => it.caCertificates?.({}))[0]).toContain("bundle is missing");
  });

  test("make users and groups, with more lines in the order given", () => {
    const found = placed(fakeNss({ extraPasswdLines: ["app:x:1000:1000::/app:/bin/sh\n"] }));
    expect(found["etc/passwd"]).toMatchObject({
      text: expect.stringMatching(/^root:.*\nnobody:.*\napp:x:1000:1000::\/app:\/bin\/sh\n$/),
    });
    expect(found["etc/group"]).toMatchObject({ text: "root:x:0:\nnobody:x:65534:\n" });
    expect(Object.keys(found)).toEqual(["etc/group", "etc/nsswitch.conf", "etc/passwd", "var/empty"]);
  });

  test.each<[unknown, string]>([
    ["app:x:1:1::/:/bin/sh", "wanted an array of lines"],
    [["app:x:1:1"], "wanted a line of 7 fields"],
    [["a:x:1:1::/:/bin/sh\nb:x:2:2::/:/bin/sh"], "wanted a line of 7 fields"],
    [[":x:1:1::/:/bin/sh"], "wanted a line of 7 fields"],
    [[undefined], "extraPasswdLines[0] is undefined"],
  ])("refuse lines %j", (extraPasswdLines, problem) => {
    expect(wrong((it) => it.fakeNss?.({ extraPasswdLines }))[0]).toContain(problem);
  });

  test("link to a shell and to env of the image, or place the program itself", () => {
    expect(placed(binSh())).toEqual({ "bin/sh": { target: "/bin/bash" } });
    expect(placed(usrBinEnv({ env: "/bin/busybox" }))).toEqual({ "usr/bin/env": { target: "/bin/busybox" } });
    expect(placed(binSh({ shell: "./dash" }))).toMatchObject({ "bin/sh": { path: "images/app/dash" } });
    expect(placed(binSh({ shell: text("x") }))).toMatchObject({ "bin/sh": { text: "x" } });
    expect(wrong((it) => it.binSh?.({ shell: "/bin/sh" }))[0]).toContain("the link's own place");
  });

  test("know the usual protocols and services, or take others", () => {
    const found = placed(ianaEtc({ protocols: text("mine\n") }));
    expect(found["etc/protocols"]).toMatchObject({ text: "mine\n" });
    expect(found["etc/services"]).toMatchObject({ text: expect.stringMatching(/^https\t443\/tcp$/m) });
  });
});
