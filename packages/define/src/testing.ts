import { ImgbuildError } from "@imgbuild/errors";
import { createApi, type DefinitionApi } from "./api.ts";
import type { Fact, FactAnswer } from "./call.ts";

/** An API for tests, as a definition in `images/app` sees it, and what it told its host. */
export interface TestApi {
  readonly api: DefinitionApi;
  readonly warnings: string[];
  readonly asked: Fact[];
}

/** `answer` stands for the world. */
export function testApi(answer: (fact: Fact) => FactAnswer = () => ({ value: null })): TestApi {
  const warnings: string[] = [];
  const asked: Fact[] = [];
  const ask = (fact: Fact) => {
    asked.push(fact);
    return answer(fact);
  };
  const host = { ask, position: () => "1:1", warn: (message: string) => void warnings.push(message) };
  return { api: createApi({ host, dir: "images/app" }), warnings, asked };
}

/** What a call complains about: `code: message` for each problem; empty when it does not. */
export function complaints(call: () => unknown): string[] {
  try {
    call();
    return [];
  } catch (error) {
    if (!(error instanceof ImgbuildError)) throw error;
    return [error, ...error.related].map((each) => `${each.code}: ${each.message}`);
  }
}
