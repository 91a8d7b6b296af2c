// `npm run bench` races a training step; `-- inference` prediction, `-- style` the coarse stage;
// `-- contrast` says what the contrastive part costs, `-- profile` where a step spends its time.
/** @type {Record<string, string>} */
const others = {
  contrast: "./contrast.js",
  inference: "./inference.js",
  profile: "./profile.js",
  style: "./style.js",
};
await import(others[process.argv[2] ?? ""] ?? "./run.js");
