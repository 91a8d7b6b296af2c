// Trains CFContra from a preset, evaluates it and labels a photo.
//   npx tsx examples/library/train.ts streets 500 photo.jpg
import { openExperiment, openRun } from "cfcontra";

const [preset = "streets", steps = "500", photo] = process.argv.slice(2);
const experiment = openExperiment(preset, {
  method: "cfcontra",
  data: "data",
  overrides: { train: { steps: Number(steps), evaluateEvery: 100 } },
});

// Pretrains on the source first, unless a pretraining exists.
for await (const event of experiment.train()) {
  if (event.type === "start") console.log(`${event.method}: ${event.steps} steps in ${event.out}`);
  if (event.type === "step" && event.step % 50 === 0) console.log(event.step, event.loss);
  if (event.type === "evaluation") {
    for (const [set, { miou }] of Object.entries(event.scores)) console.log(set, miou);
  }
}

const run = openRun(experiment.out);
const evaluations = await run.evaluate({ scales: [0.75, 1, 1.25], flip: true });
for (const [set, { scores }] of Object.entries(evaluations)) console.log(set, scores.miou);
if (photo !== undefined) {
  const { labels, width, height } = await run.predict(photo); // train ids, [height * width]
  console.log(`${photo}: ${width}x${height}, ${new Set(labels).size} classes`);
}
run.dispose();
