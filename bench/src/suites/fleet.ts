import { join } from "node:path";
import { imgbuildIn } from "../imgbuild.ts";
import { timeProcess } from "../run-process.ts";
import type { Contender, Suite, SuiteContext, SuiteSource } from "../suite.ts";
import { fleetTree } from "../trees/fleet.ts";

interface Fleet {
  readonly name: string;
  readonly images: number;
  readonly files: number;
  readonly goal: number;
  readonly goalRatio?: number;
}

/** A workspace of many images in which nothing changed. */
export const fleetSuite: SuiteSource = fleet({ name: "fleet", images: 100, files: 50_000, goal: 0.35, goalRatio: 1 });

export const fleet1000Suite: SuiteSource = {
  ...fleet({ name: "fleet1000", images: 1000, files: 100_000, goal: 1 }),
  large: true,
};

function fleet(shape: Fleet): SuiteSource {
  return { name: shape.name, setUp: (context) => setUp(shape, context) };
}

async function setUp(shape: Fleet, context: SuiteContext): Promise<Suite> {
  const { options, tools } = context;
  const images = options.smoke ? 5 : shape.images;
  const files = options.smoke ? 200 : shape.files;
  const directory = await fleetTree(join(options.work, shape.name), {
    images,
    files,
    root: join(options.work, "../../.."),
  });
  const tool = imgbuildIn(directory, context);
  const contenders: Contender[] = [
    { name: "no-op", ours: true, run: (nodeFlags) => tool.time(["build", "//..."], { nodeFlags }) },
  ];
  for (const name of ["turbo", "turbo-native"]) {
    if (!tools.has(name) || !tools.has("git") || options.smoke) continue;
    const args = ["run", "build", "--output-logs=none", `--cache-dir=${join(context.scratch, "turbo")}`];
    contenders.push({ name, run: () => timeProcess({ program: tools.path(name), args, cwd: directory }) });
  }
  const title = `no-op, ${images.toLocaleString("en")} images over ${files.toLocaleString("en")} files`;
  return {
    contenders,
    rows: [
      {
        title,
        ours: "no-op",
        peer: "turbo",
        goal: shape.goal,
        ...(shape.goalRatio === undefined ? {} : { goalRatio: shape.goalRatio }),
      },
      { title, ours: "no-op", peer: "turbo-native" },
    ],
  };
}
