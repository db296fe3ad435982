/** A command in one line, for people: a list with spaces between, of a script its first line that does something. */
export function commandTitle(command: string | readonly string[]): string {
  const text = typeof command === "string" ? command : command.join(" ");
  const lines = text.split("\n").map((line) => line.trim());
  const line = lines.find((each) => each !== "" && !each.startsWith("#")) ?? lines.find((each) => each !== "") ?? "";
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}
