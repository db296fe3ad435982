import * as v from "valibot";
import { isPlainObject } from "./plain.ts";

const text = v.string("a string");
const word = v.pipe(text, v.regex(/^[^\0]*$/, "a string without a NUL, which no program can be given"));
const words = (example: string) => v.array(word, `an array of strings, such as ${example}`);
const count = (wanted: string, least = 0) =>
  v.pipe(v.number(wanted), v.integer(wanted), v.safeInteger(wanted), v.minValue(least, wanted));
const plainText = v.pipe(text, v.regex(/^[^\0\n]*$/, "a string on one line"));

/** Docker's rule: zero, or at least one millisecond, in nanoseconds. */
const duration = v.pipe(
  count("a duration in nanoseconds: 0, or at least 1000000 (one millisecond)"),
  v.check((value) => value === 0 || value >= 1_000_000, "a duration in nanoseconds: 0, or at least 1000000"),
);

/** valibot takes arrays for objects. */
const object = (wanted: string) => v.custom<Readonly<Record<string, unknown>>>(isPlainObject, wanted);
const emptyObject = v.pipe(
  object("an empty object {}"),
  v.check((value) => Object.keys(value).length === 0, "an empty object {}"),
  v.transform((): Record<string, never> => ({})),
);
const mapOf = <K extends v.GenericSchema<string, string>, V extends v.GenericSchema>(
  key: K,
  value: V,
  wanted: string,
) => v.pipe(object(wanted), v.record(key, value));

const env = v.pipe(text, v.regex(/^[^=\0]+=[^\0]*$/, '"NAME=value"'));
const port = v.pipe(text, v.check(isPort, 'a port such as "8080" or "8080/tcp" (tcp, udp or sctp)'));
const volume = v.pipe(text, v.regex(/^\/[^\0]*$/, "an absolute path"));

/** SIGTERM, SIGRTMIN+3, or a number from 1 to 64. */
const signal = v.pipe(
  text,
  v.regex(/^(SIG[A-Z][A-Z0-9]*([+-]\d{1,2})?|[1-9]|[1-5]\d|6[0-4])$/, 'a signal such as "SIGTERM" or "15"'),
);

const HEALTHCHECK = 'an object such as { Test: ["CMD", "/bin/check"] }';

/** The values of a health check. */
export const healthcheckSchema = v.object({
  Test: v.exactOptional(
    v.pipe(
      words('["CMD", "/bin/check"]'),
      v.check(
        ([kind]) => kind === undefined || ["NONE", "CMD", "CMD-SHELL"].includes(kind),
        'an array that starts with "NONE", "CMD" or "CMD-SHELL"',
      ),
      v.check(
        ([kind, ...rest]) => (kind === "NONE" ? rest.length === 0 : kind === undefined || rest.length > 0),
        'a command after "CMD" or "CMD-SHELL", and nothing after "NONE"',
      ),
      v.check(([kind, ...rest]) => kind !== "CMD-SHELL" || rest.length === 1, 'one string after "CMD-SHELL"'),
    ),
  ),
  Interval: v.exactOptional(duration),
  Timeout: v.exactOptional(duration),
  StartPeriod: v.exactOptional(duration),
  StartInterval: v.exactOptional(duration),
  Retries: v.exactOptional(count("a whole number of tries")),
});

/** The values of a container config (Docker image spec v1.3, OCI config.md); messages say what was wanted. */
export const containerConfigSchema = v.object(
  {
    User: v.exactOptional(
      v.pipe(text, v.regex(/^[^\0\s:]*(:[^\0\s:]*)?$/, 'a user such as "app", "1000" or "1000:1000"')),
    ),
    ExposedPorts: v.exactOptional(mapOf(port, emptyObject, 'an object such as { "8080/tcp": {} }')),
    Env: v.exactOptional(v.array(env, 'an array such as ["NAME=value"]')),
    Entrypoint: v.exactOptional(words('["/bin/app"]')),
    Cmd: v.exactOptional(words('["/bin/app", "--flag"]')),
    Volumes: v.exactOptional(mapOf(volume, emptyObject, 'an object such as { "/data": {} }')),
    WorkingDir: v.exactOptional(v.pipe(text, v.regex(/^(\/[^\0]*)?$/, "an absolute path"))),
    Labels: v.exactOptional(
      mapOf(v.pipe(text, v.nonEmpty("a name that is not empty")), text, 'an object such as { "name": "value" }'),
    ),
    StopSignal: v.exactOptional(signal),
    StopTimeout: v.exactOptional(count("a whole number of seconds")),
    ArgsEscaped: v.exactOptional(v.boolean("true or false")),
    Healthcheck: v.exactOptional(v.pipe(object(HEALTHCHECK), healthcheckSchema)),
    OnBuild: v.exactOptional(words('["RUN make"]')),
    Shell: v.exactOptional(words('["/bin/bash", "-c"]')),
    MemorySwap: v.exactOptional(count("a whole number of bytes, or -1", -1)),
    Memory: v.exactOptional(count("a whole number of bytes")),
    CpuShares: v.exactOptional(count("a whole number")),
    Hostname: v.exactOptional(plainText),
    Domainname: v.exactOptional(plainText),
  },
  'an object such as { Cmd: ["/bin/app"] }',
);

function isPort(value: string): boolean {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(?:tcp|udp|sctp))?$/.exec(value);
  if (match === null) return false;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return first >= 1 && first <= last && last <= 65_535;
}
