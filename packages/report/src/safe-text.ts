/** Control characters, line separators, direction overrides and lone surrogates: what may rewrite or forge a line. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

/** `user:password@` of a URL. The length of the scheme is bounded so that long words cost nothing. */
const CREDENTIALS = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'<>]*@/gi;
const SECRET_PARAMETER =
  /([?&](?:access_token|token|api_?key|key|password|secret|sig|signature|x-amz-(?:signature|credential|security-token))=)[^\s&#"'<>]+/gi;

/** One line of text from elsewhere (a path, a message) as it may be shown: nothing in it acts on a terminal. */
export function safeLine(text: string): string {
  return redact(text).replace(UNSAFE, escaped);
}

/** Like {@link safeLine} for text that may have several lines. */
export function safeLines(text: string): readonly string[] {
  return text.split(/\r\n|\n/).map(safeLine);
}

/** Hides the credentials in URLs. */
export function redact(text: string): string {
  return text.replace(CREDENTIALS, "$1***@").replace(SECRET_PARAMETER, "$1***");
}

function escaped(character: string): string {
  if (character === "\t") return " ";
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
