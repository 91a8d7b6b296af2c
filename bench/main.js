// `npm run bench` measures a training step, `-- inference` prediction, `-- style` the coarse stage,
// `-- contrast` the contrastive part, `-- profile` the parts of a step; `-- results` trains the rows of a
// protocol.
/** @type {Record<string, string>} */
const others = {
  contrast: "./contrast.js",
  inference: "./inference.js",
  profile: "./profile.js",
  results: "./results.js",
  style: "./style.js",
};
await import(others[process.argv[2] ?? ""] ?? "./run.js");
