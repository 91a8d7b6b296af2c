// `npm run bench` races a training step, `npm run bench -- inference` prediction.
await import(process.argv[2] === "inference" ? "./inference.js" : "./run.js");
