// `npm run bench` races a training step; `-- inference` prediction, `-- style` the coarse stage;
// `-- contrast` measures the contrastive part, `-- profile` where a step spends its time; `-- results`
// trains the rows of a protocol.
/** @type {Record<string, string>} */
const others = {
  contrast: "./contrast.js",
  inference: "./inference.js",
  profile: "./profile.js",
  results: "./results.js",
  style: "./style.js",
};
await import(others[process.argv[2] ?? ""] ?? "./run.js");
