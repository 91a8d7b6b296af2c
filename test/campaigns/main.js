// `npm run campaign -- NAME`: long searches for what breaks, whose short versions are in the tests.
//   kill    kills a training run at random moments and resumes it: the same bits as a run not killed
// Options: --times, --seed, --out FOLDER (results; a temporary folder when omitted).
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const campaigns = {
  async kill({ times = 50, ...options }) {
    const { killAndResume } = await import("./kill.js");
    return killAndResume({ times, ...options });
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string" },
    seed: { type: "string", default: "1" },
    processes: { type: "string", default: "1" },
    out: { type: "string" },
  },
});
const [name] = positionals;
if (!Object.hasOwn(campaigns, name ?? "")) {
  console.error(
    `expected one of ${Object.keys(campaigns).join(", ")}: npm run campaign -- kill --times 50`,
  );
  process.exit(1);
}
const whole = (text) => (text === undefined ? undefined : Number(text));
const folder = values.out ?? mkdtempSync(join(tmpdir(), "cfcontra-campaign-"));
mkdirSync(folder, { recursive: true });
try {
  const result = await campaigns[name]({
    folder,
    times: whole(values.times),
    seed: whole(values.seed),
    processes: whole(values.processes),
    say: (line) => console.log(line),
  });
  console.log(JSON.stringify(result));
} finally {
  if (values.out === undefined) rmSync(folder, { recursive: true, force: true });
}
