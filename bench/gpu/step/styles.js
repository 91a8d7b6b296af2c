// The coarse stage on the CPU and on the GPU: the same losses with every style, by whole trainings.
import { join } from "node:path";
import { adain, createCoder, lookAt, restyle } from "../../../dist/style/index.js";
import { dispose, manualSeed, useDevice } from "../../../dist/torch/index.js";
import { largestDifference, relativeError } from "../difference.js";
import { streets, trained } from "../experiment.js";
import { attempt, within } from "../report.js";
import { scene } from "../scene.js";
import { device, inScratch, tiny } from "../settings.js";

const STYLES = tiny
  ? [{ method: "adain", domains: "both" }]
  : [
      ...["color", "coral", "fourier", "histogram", "adain"].map((method) => ({ method })),
      { method: "color", domains: "both" },
      { method: "adain", domains: "both", images: 2 },
      { method: "adain", preserveColor: true },
    ];
// The crop is the smallest that the coder takes.
const training = { reproduce: 3, steps: 3, batch: 2, crop: 16 };
const steps = tiny ? 1 : 3;
// A coder is trained on each device, and its six steps add to the difference.
const BOUND = { adain: 1e-2, other: 1e-4 };

await attempt("adain of one coder", () => {
  useDevice(device);
  const [content, look] = [
    scene(0, { width: 96, height: 64 }),
    scene(1, { width: 96, height: 64 }),
  ];
  const pixels = ["cpu", device].map((where) => {
    manualSeed(1);
    const coder = createCoder(0.25, where);
    const style = adain(coder);
    const statistics = lookAt(style, look);
    const { image } = restyle(style, content, statistics, 1);
    dispose([coder.parameters.all, statistics]);
    return image;
  });
  const [ours = [], theirs = []] = pixels;
  within("adain of one coder, pixels", relativeError(theirs, ours), 1e-2);
});

await inScratch(async (data) => {
  for (const style of STYLES) {
    const name = Object.values(style).join(" ");
    await attempt(name, async () => {
      const runs = [];
      for (const where of ["cpu", device]) {
        const own = style.method === "adain" ? { ...style, training } : style;
        const size = { width: 128, count: tiny ? 2 : 8 };
        const preset = streets(where, { ...size, style: own, train: { steps, rate: 1e-4 } });
        const out = join(data, `${name} ${runs.length}`);
        runs.push(await trained(preset, { data, out }));
      }
      const [ours, theirs] = runs;
      if (!ours || !theirs) throw new Error("two runs were expected");
      const bound = style.method === "adain" ? BOUND.adain : BOUND.other;
      within(`${name}, losses`, largestDifference(theirs.scalars, ours.scalars), bound);
    });
  }
});
