import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commandLine } from "../../src/cli/command-line.js";
import { settings } from "../../src/cli/completion/settings.js";
import { configuration } from "../../src/experiment/presets.js";
import { METHODS } from "../../src/methods/index.js";
import { skipUnless } from "../skip.js";
import { cli } from "./cli.js";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** Tests of shells that are not installed are skipped. */
const has = (shell: Shell) => spawnSync(shell, ["--version"]).status === 0;

let root: string;
const script = (shell: Shell) => join(root, `cfcontra.${shell}`);
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "cfcontra-"));
  for (const shell of SHELLS) {
    const { code, out } = await cli("completion", shell);
    expect(code).toBe(0);
    writeFileSync(script(shell), out);
  }
  mkdirSync(join(root, "my runs"));
  mkdirSync(join(root, "pictures"));
  writeFileSync(join(root, "mine.yaml"), "");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function output(shell: Shell, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(shell, args, {
    ...{ cwd: root, encoding: "utf8", timeout: 30_000 },
    env: { PATH: process.env.PATH, HOME: root, TERM: "dumb" },
  });
  expect([stderr, status]).toEqual(["", 0]);
  return stdout;
}

/** The completions that a shell offers for a line. */
const offers: Readonly<Record<Shell, (line: string) => string[]>> = {
  bash(line) {
    const ask = `source "$1"; complete -p cfcontra > /dev/null || exit
      COMP_LINE=$2 COMP_POINT=\${#2}; _cfcontra; printf "%s\n" "\${COMPREPLY[@]}"`;
    const args = ["--norc", "--noprofile", "-c", ask, "bash", script("bash"), line];
    return output("bash", ...args)
      .split("\n")
      .filter(Boolean);
  },
  fish(line) {
    const ask = "source $argv[1]; complete -C $argv[2]";
    const found = output("fish", "--no-config", "-c", ask, script("fish"), line);
    return found
      .split("\n")
      .filter(Boolean)
      .map((one) => one.split("\t")[0] as string);
  },
  /** The line after a Tab, in an interactive shell in a pseudo-terminal. */
  zsh(line) {
    const ask = `
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell "PS1= PROMPT_EOL_MARK=; autoload -U compinit; compinit -D -u; source ${script("zsh")}"
      zpty -w shell 'print REA""DY'
      while zpty -r shell line; do [[ $line == *READY* ]] && break; done
      zpty -w -n shell ${JSON.stringify(line)}$'\\t'
      for i in {1..40}; do
        sleep 0.05
        while zpty -r -t shell part; do all+=$part; done
        [[ $all == *${JSON.stringify(line)}?* && $i -gt 10 ]] && break
      done
      print -r -- $all`;
    const text = output("zsh", "-f", "-c", ask);
    return [text.split("\n").findLast((one) => one.includes("cfcontra")) ?? ""].map((one) =>
      one.slice(one.lastIndexOf("cfcontra")).trim(),
    );
  },
};

const leaves = (command: Command, path: string[] = []): { path: string[]; command: Command }[] =>
  command.commands.length === 0
    ? [{ path, command }]
    : command.commands.flatMap((inner) => leaves(inner, [...path, inner.name()]));

describe.each(["bash", "fish"] as const)("%s", (shell) => {
  const there = (name: string, run: () => void) => test(name, skipUnless(has(shell), shell), run);
  const start = (line: string) => offers[shell](line).sort();

  there("offers every command, and every option of each", async () => {
    const program = await commandLine();
    const names = program.commands.map((command) => command.name());
    expect(start("cfcontra ")).toEqual([...names, "help"].sort());
    for (const { path, command } of leaves(program)) {
      const flags = command.options.map(({ long }) => long as string);
      const line = `cfcontra ${path.join(" ")} --`;
      expect(start(line), line).toEqual([...flags, "--help"].sort());
    }
  });
  there("offers the values of an option", () => {
    expect(start("cfcontra train --method ")).toEqual([...METHODS].sort());
    expect(start("cfcontra train --seed 3 --method mi")).toEqual(["minent"]);
    expect(start("cfcontra train --preset camvid-d")).toEqual(["camvid-dusk"]);
    expect(start("cfcontra style apply --set-of ")).toEqual(["labelledTarget", "source", "target"]);
    expect(start("cfcontra train --seed ")).toEqual([]);
    expect(start("cfcontra completion ")).toEqual(["bash", "fish", "zsh"]);
    expect(start("cfcontra train --out ").map((name) => name.replace(/\/$/, ""))).toEqual([
      ...["my runs", "pictures"],
    ]);
  });
  there("completes subcommands and arguments by position", () => {
    expect(start("cfcontra style ")).toEqual(["apply", "help", "preview", "train"]);
    expect(start("cfcontra style train camvid-d")).toEqual(["camvid-dusk"]); // which train does not take
    expect(start("cfcontra data check mi")).toEqual(["mine.yaml"]);
    expect(start("cfcontra --debug evaluate --flip pic").join()).toMatch(/^pictures/);
  });
  there("offers settings section by section, and their values", () => {
    expect(start("cfcontra train --set tr")).toEqual(["train."]);
    expect(start("cfcontra train --set train.st")).toEqual(["train.steps="]);
    const values = start("cfcontra train --set source.type=ca");
    expect(values.map((value) => value.replace(/.*=/, ""))).toEqual([
      ...["camvid", "carla", "carla-0.9.10"],
    ]);
  });
});

test(
  "zsh completes commands, options, their values and settings",
  skipUnless(has("zsh"), "zsh"),
  () => {
    const completed = (line: string) => offers.zsh(line)[0];
    expect(completed("cfcontra exp")).toBe("cfcontra export");
    expect(completed("cfcontra style ap")).toBe("cfcontra style apply");
    expect(completed("cfcontra train --proc")).toBe("cfcontra train --processes=");
    expect(completed("cfcontra train --method min")).toBe("cfcontra train --method minent");
    expect(completed("cfcontra style train stree")).toBe("cfcontra style train streets");
    expect(completed("cfcontra train --set tr")).toBe("cfcontra train --set train.");
    expect(completed("cfcontra train --set method=ad")).toBe("cfcontra train --set method=ad");
    expect(completed("cfcontra train --set method=adv")).toBe("cfcontra train --set method=advent");
  },
);

test("every setting that is offered is valid in a configuration", () => {
  for (const setting of settings().filter((one) => !one.endsWith("="))) {
    const set = setting.startsWith("style.preserve") ? ["style.method=adain", setting] : [setting];
    expect(() => configuration({ preset: "streets", set }), setting).not.toThrow();
  }
  const keys = new Set(settings().map((one) => one.replace(/=.*/, "")));
  for (const key of ["train.rate", "options.cfcontra.temperature", "style.training.width"]) {
    expect(keys).toContain(key);
  }
});

test("an unknown shell is refused, and the help text names the folder for the script", async () => {
  const { code, err } = await cli("completion", "tcsh");
  expect(code).toBe(1);
  expect(err).toMatch(/Allowed choices are bash, zsh, fish/);
  const help = await cli("completion", "--help");
  for (const place of [
    "bash-completion/completions",
    ".zfunc",
    "fish/completions",
    "npx cfcontra",
  ]) {
    expect(help.out).toContain(place);
  }
});
