// Contestants measured in turn, each time in a process of its own.
import { loadavg } from "node:os";

export const median = (numbers) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/**
 * What contestants `{ name, measure }` measured over all rounds, by name, and the load before. One that
 * fails is left out, with its reason.
 */
export function race(list, rounds) {
  const runs = new Map(list.map(({ name }) => [name, []]));
  const load = loadavg()[0];
  for (let round = 1; round <= rounds; round++) {
    for (const { name, measure } of list) {
      if (!runs.has(name)) continue;
      try {
        const run = measure();
        runs.get(name).push(run);
        process.stderr.write(`round ${round}: ${name} ${run.seconds.toFixed(3)} s\n`);
      } catch (error) {
        runs.delete(name);
        const reason = String(error.stderr || error.message)
          .trim()
          .split("\n")
          .at(-1);
        process.stderr.write(`${name} is left out: ${reason}\n`);
      }
    }
  }
  return { runs, load };
}

/** The command that was typed, but for options whose values are paths of this machine. */
export function commandOf(args) {
  const isPath = (arg) => arg?.startsWith("/");
  const kept = args.filter(
    (arg, i) => !isPath(arg) && !isPath(args[i + 1]) && !/^--\w+=\//.test(arg),
  );
  return ["npm run bench", ...(kept.length > 0 ? ["--", ...kept] : [])].join(" ");
}

/** A contestant's name, with the version of its PyTorch instead of where that lies. */
export const nameOf = (name, { version }) => name.replace(/ \(.*\)$/, ` ${version}`);

/** Prints contestants as a table; numbers by three digits behind the point. */
export function showTable(rows, columnsOf) {
  const short = (value) => (typeof value === "number" ? Number(value.toFixed(3)) : value);
  const columns = (row) =>
    Object.fromEntries(Object.entries(columnsOf(row)).map(([key, value]) => [key, short(value)]));
  console.table(Object.fromEntries(rows.map((row) => [row.name, columns(row)])));
}
