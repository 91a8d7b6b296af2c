// Runs commands at the same time, at most one for each core; fails if one fails.
//   node in-parallel.js '[["c++", "-c", "a.cc"], ["c++", "-c", "b.cc"]]'
// A process of its own, since the set-up runs programs one after the other.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/** @type {string[][]} */
const commands = JSON.parse(process.argv[2] ?? "[]");

/** @param {string[]} command @returns {Promise<boolean>} */
const succeeds = ([program = "", ...args]) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", ({ message }) => {
      console.error(message);
      resolve(false);
    });
    child.once("close", (code) => resolve(code === 0));
  });

async function work() {
  for (let next = commands.shift(); next; next = commands.shift()) {
    if (await succeeds(next)) continue;
    process.exitCode = 1;
    commands.length = 0; // the others would be in vain
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
