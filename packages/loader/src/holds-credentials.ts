import type { FetchUrlOrigin, Graph } from "@imgbuild/graph";

/** Names in the query of signed addresses whose values let anybody fetch. */
const SECRET =
  /[?&;](?:[^=&]*[-_.])?(?:token|apikey|accesskey|sig|signature|key|keyid|secret|password|passwd|auth|credential|jwt|code)=/i;

/** Whether an address of a graph lets whoever has it in: such a graph is not kept anywhere. */
export function holdsCredentials({ derivations }: Graph): boolean {
  for (const { kind, origin } of derivations.values()) {
    if (kind !== "fetchUrl" || origin === undefined) continue;
    const { urls } = JSON.parse(origin) as FetchUrlOrigin;
    if (urls.some((url) => /^[a-z]+:\/\/[^/?#]*@/i.test(url) || SECRET.test(url))) return true;
  }
  return false;
}
