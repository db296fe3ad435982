import { join } from "node:path";
import { imgbuildIn } from "../imgbuild.ts";
import type { Contender, Suite, SuiteContext, SuiteSource } from "../suite.ts";
import { fleetTree } from "../trees/fleet.ts";
import { turboNoOp } from "../turbo.ts";

interface Fleet {
  readonly name: string;
  readonly images: number;
  readonly files: number;
  readonly goal: number;
  readonly goalRatio?: number;
}

/** A workspace of many images in which nothing changed. */
export const fleetSuite: SuiteSource = fleet({ name: "fleet", images: 100, files: 50_000, goal: 0.35, goalRatio: 1 });

/** The same of a large company's. */
export const fleet1000Suite: SuiteSource = fleet({ name: "fleet1000", images: 1000, files: 100_000, goal: 1 });

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
  for (const name of ["turbo", "turbo-native"] as const) {
    if (tools.has(name, "git") && !options.smoke) contenders.push(turboNoOp(name, directory, context));
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
