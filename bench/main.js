// `npm run bench` races a training step; `-- inference` prediction, `-- style` the coarse stage;
// `-- profile` says where a step spends its time.
const others = { inference: "./inference.js", profile: "./profile.js" };
await import(others[process.argv[2]] ?? "./run.js");
