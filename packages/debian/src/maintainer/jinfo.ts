import type { Alternative } from "./alternatives.ts";

/** Whether a path is a list of the commands of a Java runtime. */
export function isJinfoPath(path: string): boolean {
  return /^usr\/lib\/jvm\/\.[^/]+\.jinfo$/.test(path);
}

/**
 * The alternatives of a Java runtime, which its scripts install in a loop: those of its `.jinfo` file (as `update-java-alternatives`
 * reads it). What cannot be read is left out.
 */
export function alternativesOfJinfo(text: string, packageName: string): readonly Alternative[] {
  const priority = Number(/^priority=(\d{1,9})$/m.exec(text)?.[1] ?? 0);
  return text.split("\n").flatMap((line): readonly Alternative[] => {
    const [, name, path] = /^(?:hl|jre|jdk|jdkhl) (\S+) (\/usr\/lib\/jvm\/\S+)$/.exec(line) ?? [];
    if (name === undefined || path === undefined || name.includes("/")) return [];
    return [{ package: packageName, link: `/usr/bin/${name}`, name, path, priority, slaves: [] }];
  });
}
