import { createHash } from "node:crypto";
import type { DebianRequest } from "@imgbuild/define";

/** Where a workspace's lock is. */
export const LOCK_FILE = "imgbuild.lock";

const MAX_LENGTH = 120;

/** What a request is called in `imgbuild.lock`: equal requests of any definition have one name, others another one. */
export function lockName(request: DebianRequest): string {
  const { suites, updates, components, architecture, recommends, essential } = request;
  const from = `${suites.join("+")}${updates ? "" : "!"}/${components.join("+")}/${architecture}`;
  const more = [essential === "essential" ? [] : [essential], recommends ? ["recommends"] : []].flat();
  const name = [from, ...more.map((word) => `(${word})`), ...requestWords(request)].join(" ");
  if (name.length <= MAX_LENGTH) return name;
  return `${name.slice(0, MAX_LENGTH - 20).trimEnd()}... ${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;
}

/** What is asked for, as apt would be asked: `name-` leaves a package out. */
export function requestWords({ packages, without }: DebianRequest): readonly string[] {
  return [...packages, ...without.map((name) => `${name}-`)];
}
