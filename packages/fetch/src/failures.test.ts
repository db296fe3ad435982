import { AttemptFailure } from "./attempt-failure.ts";
import { redactUrl } from "./redact.ts";
import { retryAfterMs } from "./retry-after.ts";
import { statusFailure } from "./status-failure.ts";
import { IdleTimeout, transportFailure } from "./transport-failure.ts";

test.each([
  ["https://user:pass@host.test:8443/a/b?token=x#y", "https://host.test:8443/a/b?…"],
  ["http://host.test", "http://host.test/"],
  ["http://token@host.test/a", "http://host.test/a"],
  ["not an address with secret", "(no valid address)"],
])("%s is shown as %s", (url, shown) => {
  expect(redactUrl(url)).toBe(shown);
});

test.each([
  [undefined, 0],
  ["", 0],
  ["3", 3000],
  [" 3 ", 3000],
  ["-3", 0],
  ["soon", 0],
  ["Thu, 01 Jan 1970 00:00:05 GMT", 4000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
])("Retry-After: %s is %i ms", (header, ms) => {
  expect(retryAfterMs(header, 1000)).toBe(ms);
});

test.each([
  [200, undefined],
  [206, undefined],
  [304, undefined],
  [404, "missing"],
  [410, "missing"],
  [400, "refused"],
  [401, "refused"],
  [451, "refused"],
  [408, "temporary"],
  [425, "temporary"],
  [429, "temporary"],
  [500, "temporary"],
  [599, "temporary"],
  [undefined, "refused"],
])("the status %s is %s", (statusCode, kind) => {
  const response: Parameters<typeof statusFailure>[0] = {
    headers: {},
    ...(statusCode === undefined ? {} : { statusCode }),
  };
  expect(statusFailure(response, 0)?.kind).toBe(kind);
});

test.each([
  ["ECONNRESET", "temporary", "the connection broke"],
  ["ENOTFOUND", "temporary", "the host name is unknown"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "refused", "certificate"],
  ["CERT_HAS_EXPIRED", "refused", "certificate"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "refused", "certificate"],
  ["ESOMETHING", "temporary", "what Node said"],
])("the error %s of a socket is %s", (code, kind, words) => {
  const failure = transportFailure(Object.assign(new Error("what Node said"), { code }));
  expect(failure).toMatchObject({ kind, message: expect.stringContaining(words) });
});

test("what is no error of a socket is still a failure with words", () => {
  expect(transportFailure("text")).toMatchObject({ kind: "temporary", message: "text" });
  expect(transportFailure(undefined).message).toBe("undefined");
  expect(transportFailure(new IdleTimeout(30_000)).message).toBe("nothing came for 30 s");
  const own = new AttemptFailure("missing", "gone");
  expect(transportFailure(own)).toBe(own);
});
