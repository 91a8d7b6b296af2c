import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "../cli/cli.js";
import {
  fixtureSize,
  makeCityscapes,
  makeGta5,
  sceneImage,
  sceneLabel,
  writeImage,
  writeLabel,
} from "../datasets/fixtures.js";
import { presetIn } from "./markdown.js";
import { argumentsOf, commandsIn, type ShellCommand } from "./shell.js";

// Runs the commands of these pages one after the other, as a reader would, in a temporary folder, with
// small images and few steps.

/** All commands of these pages run, in this order; later ones use the runs of earlier ones. */
const FOLLOWED = [
  "README.md",
  "docs/tutorial.md",
  "docs/your-camera.md",
  "docs/style.md",
  "docs/deploy.md",
  "weights/README.md",
];

/** Commands that do not run here, by a part of their text, and why. */
const NOT_HERE = {
  "npm test": "runs this test",
  "cfcontra dashboard": "a server, tested in test/dashboard",
  "drive.mp4": "a video, tested in test/cli/predict-video.test.ts",
  "mobilenet_v2.pth": "needs published weights, tested in test/style",
  "style.coder=coder.safetensors": "needs the file of the command before it",
  "--serve": "a server, tested in test/cli/playground.test.ts",
};

/** Mistakes that a page describes, and what its first `data check` says of its example with them. */
const MISTAKES = [
  {
    page: "docs/your-camera.md",
    problem: /label id \d+ .*mapping.* 0-6.*`\d+: <class>`/,
    make: (text: string) => text.replace(/ +7: object\n +255: ignore\n/, ""),
  },
];

const TINY = [
  ...["train.steps=2", "train.batch=1", "train.rate=0.0001", "train.precision=float32"],
  "network.width=0.125",
  ...["source", "target", "evaluate", "output"].map((name) => `sizes.${name}=[64,32]`),
];
const TINY_CODER = ["style.training.reproduce=2", "style.training.steps=2"];
const FEW_LOOKED_AT = ["options.cfcontra.sourceImages=4", "options.cfcontra.targetImages=4"];
const TINY_PRETRAINING = ["pretrain.steps=2", "pretrain.rate=0.0001"];
/** Of the presets that start from built-in weights, which have another width. */
const RANDOM_WEIGHTS = ["network.weights=null"];
const FEW_SCENES = ["source", "target", "evaluate.source", "evaluate.target"].map(
  (name) => `${name}.count=4`,
);

/** The arguments of the command, with a smaller configuration. */
function tinyArguments(command: ShellCommand): string[] {
  // Steps that the command gives are not set as well.
  const argv = (argumentsOf(command) as string[]).flatMap((word, i, all) =>
    word === "--steps" || all[i - 1] === "--steps" ? [] : [word],
  );
  const adapts = argv[0] === "demo" || argv.includes("streets-adapt");
  const onStreets = adapts || argv.includes("streets");
  const configured = onStreets || argv[0] === "train";
  const method = argv[argv.indexOf("--method") + 1];
  const own = [
    ...(adapts ? RANDOM_WEIGHTS : TINY_PRETRAINING),
    ...(argv.includes("--method") && method !== "cfcontra" ? [] : FEW_LOOKED_AT),
    ...(argv.some((word) => word.includes("adain")) ? TINY_CODER : []),
  ];
  const changes = [...(configured ? [...TINY, ...own] : []), ...(onStreets ? FEW_SCENES : [])];
  return [
    ...argv.flatMap((word) => (word.includes("*") ? matches(word) : [word.replace(/^~\//, "")])),
    ...changes.flatMap((change) => ["--set", change]),
  ];
}

/** Expands `runs/mine-*` like a shell. */
function matches(pattern: string): string[] {
  const [before = "", after = ""] = basename(pattern).split("*");
  return readdirSync(dirname(pattern))
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => join(dirname(pattern), name));
}

/** Writes photos, and the simulator and camera of docs/your-camera.md with their ids. */
async function makeCamera(): Promise<void> {
  for (let index = 0; index < 4; index++) {
    const label = sceneLabel(index);
    const image = sceneImage(label, index);
    const to = (value: number) => label.map((id) => (id === 255 ? value : id % 8)); // 0, 2, 5
    for (const folder of ["data/simulator/images", "data/camera/images", "photos"]) {
      await writeImage(`${folder}/${index}.png`, image, fixtureSize);
    }
    await writeImage(`data/camera-labelled/images/${index}.png`, image, fixtureSize);
    await writeLabel(`data/simulator/labels/${index}.png`, to(255), fixtureSize);
    await writeLabel(`data/camera-labelled/labels/${index}.png`, to(11), fixtureSize);
  }
}

const home = process.cwd();
const sandbox = mkdtempSync(join(tmpdir(), "cfcontra-docs-"));

beforeAll(async () => {
  process.chdir(sandbox);
  await makeGta5("data/gta5", 4);
  await makeCityscapes("data/cityscapes", 4, "val");
  await makeCamera();
  mkdirSync("weights");
});

afterAll(() => {
  process.chdir(home);
  rmSync(sandbox, { recursive: true, force: true });
});

/** Whether an earlier page ran the demo, which takes longest. */
const alreadyRun = ({ text, page }: ShellCommand) =>
  text === "npm run demo" && page !== FOLLOWED[0];

describe.each(FOLLOWED)("%s", (page) => {
  const commands = commandsIn(page).filter(
    (command) =>
      !alreadyRun(command) && !Object.keys(NOT_HERE).some((part) => command.text.includes(part)),
  );
  const mistakes = MISTAKES.filter((mistake) => mistake.page === page);

  beforeAll(() => {
    if (commands.some(({ words }) => words.includes("mine.yaml"))) presetIn(page, "mine.yaml", ".");
  });

  test.each(commands.map((command) => [command.text, command] as const))(
    "%s",
    async (_, command) => {
      const mistake = command.text.includes("data check") ? mistakes.shift() : undefined;
      if (mistake) {
        const right = readFileSync("mine.yaml", "utf8");
        writeFileSync("mine.yaml", mistake.make(right));
        const { code, out } = await cli(...tinyArguments(command));
        expect([code, out]).toEqual([1, expect.stringMatching(mistake.problem)]);
        writeFileSync("mine.yaml", right);
      }
      const { code, err } = await cli(...tinyArguments(command));
      expect([err.match(/^error.*/m)?.[0], code]).toEqual([undefined, 0]);
    },
  );
});

test("the commands write the files that the pages name", () => {
  const written = [
    "runs/demo/predictions.png",
    "runs/demo/cfcontra/report.html",
    "comparison/comparison.html",
    "predictions/000000-overlay.jpg",
    "model.onnx",
    "contact-sheet.png",
    "style-preview.png",
  ];
  expect(written.filter((path) => !existsSync(path))).toEqual([]);
});
