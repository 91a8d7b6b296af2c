// `train.deterministic`: a run twice, and a run that was stopped and resumed, end in the same bits.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { latestCheckpoint } from "../../../dist/train/index.js";
import { streets, succeed, written } from "../experiment.js";
import { attempt, check, measured } from "../report.js";
import { device, inScratch, secondsLeft, tiny } from "../settings.js";

const steps = tiny ? 2 : 30;

/** @param {string} run */
const digest = (run) =>
  createHash("sha256")
    .update(readFileSync(latestCheckpoint(run)))
    .digest("hex");

await inScratch(async (data) => {
  await attempt("the same bits", () => {
    const settings = { width: tiny ? 64 : 256, count: tiny ? 2 : 16, method: "cfcontra" };
    const train = { steps, schedule: 100, precision: "bfloat16", deterministic: true };
    const options = { cfcontra: { sourceImages: 4, targetImages: 4 } };
    const exact = streets(device, { ...settings, options, train });
    const loose = streets(device, {
      ...settings,
      options,
      train: { ...train, deterministic: false },
    });
    const [preset, free] = [written(data, "exact", exact), written(data, "loose", loose)];
    /** @param {string} from @param {string} name @param {string[]} more */
    const train1 = (from, name, ...more) => {
      const out = join(data, name);
      succeed("train", "--preset", from, "--data", data, "--out", out, ...more);
      return out;
    };
    const first = digest(train1(preset, "first"));
    check(`${steps} steps twice`, digest(train1(preset, "second")) === first, first.slice(0, 16));
    const parts = train1(preset, "parts", "--steps", `${steps / 2}`);
    succeed("train", "--resume", parts, "--steps", `${steps}`);
    check(`${steps / 2} steps, resumed`, digest(parts) === first, digest(parts).slice(0, 16));
    if (tiny || secondsLeft() < 20) return;
    const same = digest(train1(free, "free")) === digest(train1(free, "free again"));
    measured("without train.deterministic", { sameBits: same });
  });
});
