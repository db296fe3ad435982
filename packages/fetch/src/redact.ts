/**
 * An address as it may be shown: without user, password and fragment, and with the values of its query hidden, since
 * signed addresses carry their secret there. What is no address is hidden as a whole.
 */
export function redactUrl(url: string | URL): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return "(no valid address)";
  }
  const query = parsed.search === "" ? "" : "?…";
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${query}`;
}
