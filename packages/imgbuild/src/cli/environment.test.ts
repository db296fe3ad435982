import { ImgbuildError } from "@imgbuild/errors";
import { withEnvironment } from "./environment.ts";
import { BUILD_OPTIONS, GLOBAL_OPTIONS, OUTPUT_OPTIONS } from "./options.ts";

test("a variable is the default of its flag, dashes written as underscores", () => {
  const options = withEnvironment(BUILD_OPTIONS, {
    IMGBUILD_KEEP_GOING: "1",
    IMGBUILD_JOBS: "3",
    IMGBUILD_CACHE: "no",
  });
  expect(options["keep-going"]?.default).toBe(true);
  expect(options.jobs?.default).toBe(3);
  expect(options.cache?.default).toBe(false);
  expect(options.force?.default).toBe(false);
});

test("an empty variable counts as none", () => {
  expect(withEnvironment(OUTPUT_OPTIONS, { IMGBUILD_FORMAT: "" }).format?.default).toBe("docker-archive");
});

test.each([
  ["IMGBUILD_JSON", "maybe", "wanted 1 or 0"],
  ["IMGBUILD_PROGRESS", "fast", "wanted one of auto, plain, json, none"],
])("%s=%s is refused by name", (variable, text, what) => {
  const read = () => withEnvironment(GLOBAL_OPTIONS, { [variable]: text });
  expect(read).toThrow(`Cannot use the variable ${variable}="${text}": ${what}`);
  expect(read).toThrow(ImgbuildError);
});

test("other variables are left alone", () => {
  const options = withEnvironment(GLOBAL_OPTIONS, { IMGBUILD_DEBUG: "1", JSON: "maybe", PROGRESS: "x" });
  expect(options).toEqual(GLOBAL_OPTIONS);
});
