import { createReadStream } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Imgbuild } from "./imgbuild.ts";
import type { Contender, SuiteContext } from "./suite.ts";
import { MIX } from "./trees/mix.ts";

/** What the daemon itself needs for a new small layer: an archive of one is sent to it, by nobody's command line. */
export function daemonLoad(
  name: string,
  at: { readonly prepare: () => void; readonly builder: Imgbuild; readonly socket: string },
  context: SuiteContext,
): Contender {
  const archive = join(context.scratch, "small.tar");
  return {
    name,
    prepare: async () => {
      at.prepare();
      await at.builder.time(["build", MIX.smallAlone, "--output", archive, "--compression", "none"]);
    },
    run: async () => {
      const start = performance.now();
      await load(archive, at.socket);
      return (performance.now() - start) / 1000;
    },
  };
}

function load(archive: string, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = request({ method: "POST", path: "/images/load?quiet=1", socketPath }, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => {
        text += part.toString();
      });
      response.on("end", () => {
        if (response.statusCode === 200 && !text.includes('"error"')) resolve();
        else reject(new Error(`The daemon did not load ${archive}: ${text}`));
      });
    });
    sending.once("error", reject);
    createReadStream(archive).pipe(sending);
  });
}
