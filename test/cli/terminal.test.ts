import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { invocation } from "../../src/cli/terminal/invocation.js";
import { note, progressLine, say } from "../../src/cli/terminal/progress.js";
import { hasColors, isLive, paint, wrapped } from "../../src/cli/terminal/terminal.js";
import { quoted } from "../../src/quoted.js";
import { cli } from "./cli.js";

/** A stream that records what is written to it; with columns it is a terminal. */
function stream(columns?: number) {
  const kept = { text: "" };
  const write = (text: string) => {
    kept.text += text;
    return true;
  };
  const own = { write, isTTY: columns !== undefined, columns };
  return { kept, stream: own as unknown as NodeJS.WriteStream };
}

/** The screen of a terminal after this text, with carriage returns and erased lines applied. */
function screen(text: string): string[] {
  const lines = [""];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ANSI escape codes
  for (const [part] of text.matchAll(/\r|\n|\x1b\[2K|\x1b\[\d+m|[^\r\n\x1b]+/g)) {
    if (part === "\n") lines.push("");
    else if (part === "\x1b[2K") lines[lines.length - 1] = "";
    else if (part !== "\r" && !part.startsWith("\x1b")) lines[lines.length - 1] += part;
  }
  return lines;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  for (const name of ["TERM", "NO_COLOR", "FORCE_COLOR"]) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("colours", () => {
  const terminal = { isTTY: true, columns: 80 };
  const pipe = { isTTY: false as true, columns: 0 };
  test.each([
    ["a terminal", terminal, {}, true],
    ["a pipe", pipe, {}, false],
    ["a terminal with NO_COLOR", terminal, { NO_COLOR: "1" }, false],
    ["a terminal with an empty NO_COLOR", terminal, { NO_COLOR: "" }, true],
    ["a dumb terminal", terminal, { TERM: "dumb" }, false],
    ["a pipe with FORCE_COLOR", pipe, { FORCE_COLOR: "1" }, true],
    ["a terminal with FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, false],
    ["both asked for", pipe, { NO_COLOR: "1", FORCE_COLOR: "1" }, true],
  ])("%s", (_, one, env, wanted) => expect(hasColors(one, env)).toBe(wanted));

  test("are codes around the text, or nothing", () => {
    expect(paint("bold", "text", terminal)).toBe("\x1b[1mtext\x1b[22m");
    expect(paint("bold", "text", pipe)).toBe("text");
  });
  test("only a terminal that is not dumb can erase lines", () => {
    expect([isLive(terminal, {}), isLive(terminal, { TERM: "dumb" }), isLive(pipe, {})]).toEqual([
      ...[true, false, false],
    ]);
  });
});

describe("progress in a terminal", () => {
  /** The line after 40 of 100 items, a second each. */
  function lineAt(columns: number, label: string): string {
    const { stream: terminal, kept } = stream(columns);
    const line = progressLine(label, terminal);
    for (let done = 1; done <= 40; done++) {
      vi.advanceTimersByTime(1000);
      line.update(done, 100, "loss 0.512");
    }
    return screen(kept.text).at(-1) as string;
  }
  test("shows a bar if it fits", () => {
    const bar = (full: number, all: number) => "━".repeat(full) + "─".repeat(all - full);
    expect(lineAt(120, "minent seed 1")).toBe(
      `minent seed 1  ${bar(9, 24)}   40/100  loss 0.512  1:00 left`,
    );
    expect(lineAt(60, "minent seed 1")).toBe(
      `minent seed 1  ${bar(4, 12)}   40/100  loss 0.512  1:00 left`,
    );
    expect(lineAt(50, "minent seed 1")).toBe("minent seed 1   40/100  loss 0.512  1:00 left");
  });
  test("prints the seconds per item from which it computes the time left", () => {
    const { stream: terminal, kept } = stream(80);
    const line = progressLine("training", terminal, "step");
    for (let done = 1; done <= 10; done++) {
      vi.advanceTimersByTime(done === 10 ? 5000 : 500); // the last step is slow
      line.update(done, 100, "loss 0.512");
    }
    const [, rate = "", left = ""] =
      /([\d.]+) s\/step {2}([\d:]+) left$/.exec(screen(kept.text).at(-1) as string) ?? [];
    expect([rate, left]).toEqual(["1.00", "1:30"]); // 9 seconds for 9 steps, 90 to go
  });
  test("cuts a long label before the numbers, and never wraps", () => {
    const long = "reading streets source test (data/streets-v1/source/test)";
    expect(lineAt(60, long)).toBe("reading streets source tes…   40/100  loss 0.512  1:00 left");
    for (const columns of [20, 30, 40, 60, 80, 120]) {
      expect(lineAt(columns, long).length).toBeLessThan(columns);
    }
  });
  test("prints messages above the line, and erases the line at its end", () => {
    const { stream: terminal, kept } = stream(80);
    const line = progressLine("training", terminal);
    line.show("looking around");
    expect(screen(kept.text)).toEqual(["training  looking around"]);
    vi.advanceTimersByTime(1000);
    line.update(3, 9);
    note("this is odd", terminal);
    say("step 3: mIoU 12.3", terminal);
    expect(screen(kept.text).slice(0, 2)).toEqual(["note: this is odd", "step 3: mIoU 12.3"]);
    expect(screen(kept.text)[2]).toMatch(/^training .* 3\/9$/);
    line.end();
    expect(screen(kept.text)).toEqual(["note: this is odd", "step 3: mIoU 12.3", ""]);
  });
  test("estimates the time left without the time before the first item", () => {
    const { stream: terminal, kept } = stream(80);
    const line = progressLine("training", terminal);
    vi.advanceTimersByTime(100_000);
    line.update(501, 1000); // resumed
    expect(screen(kept.text).at(-1)).toMatch(/501\/1000$/);
    vi.advanceTimersByTime(2000);
    line.update(502, 1000);
    expect(screen(kept.text).at(-1)).toMatch(/502\/1000 {2}16:36 left$/);
  });
});

test("progress in a file is whole lines without codes, at growing intervals", () => {
  const { stream: pipe, kept } = stream();
  const line = progressLine("training", pipe);
  line.show("looking around");
  const day = 86_400;
  const counts: number[] = [];
  for (let second = 1; second <= day; second++) {
    vi.advanceTimersByTime(1000);
    line.update(second, day);
    if (second === 10 || second === 60 || second === day)
      counts.push(kept.text.split("\n").length - 1);
  }
  line.end();
  expect(counts[0]).toBe(0);
  expect(counts[1]).toBeGreaterThanOrEqual(2);
  expect(counts[2]).toBeLessThan(250);
  expect(kept.text).toMatch(/^(training {2} *\d+\/86400 {2}[\d:]+ left\n)+$/);
});

test("a reader that stops reading a completion script causes no error", () => {
  const bin = fileURLToPath(new URL("../../bin/cfcontra.js", import.meta.url));
  const line = `"$0" "$1" completion fish | true; echo \${PIPESTATUS[0]}`;
  const { stdout, stderr } = spawnSync("bash", ["-c", line, process.execPath, bin], {
    encoding: "utf8",
  });
  expect([stdout, stderr.replace(/^set-up: .*\n/gm, "")]).toEqual(["0\n", ""]);
});

test("text wraps between words", () => {
  expect(wrapped("one two three four", 9, 2)).toBe("one two\n  three\n  four");
  expect(wrapped("one two", Number.POSITIVE_INFINITY, 2)).toBe("one two");
});

test("an error wraps between words in a terminal, its suggestion before a list that may be long", async () => {
  const { isTTY, columns } = process.stderr;
  Object.assign(process.stderr, { isTTY: true, columns: 60 });
  try {
    const { err } = await cli("train", "--preset", "street", "--out", "nowhere");
    const plain = stripVTControlCharacters(err).trimEnd().split("\n");
    expect(plain.length).toBeGreaterThan(2);
    for (const line of plain) expect(line.length).toBeLessThanOrEqual(60);
    expect(plain.map((line) => line.trim()).join(" ")).toMatch(/did you mean streets\? .*streets/);
  } finally {
    Object.assign(process.stderr, { isTTY, columns });
  }
});

test("suggested commands start with how this program was called", () => {
  expect(invocation("/usr/local/bin/cfcontra", {})).toBe("cfcontra");
  expect(invocation("/there/node_modules/.bin/cfcontra", { npm_command: "exec" })).toBe(
    "npx cfcontra",
  );
  expect(invocation("/there/bin/cfcontra.js", {})).toBe("node /there/bin/cfcontra.js");
  expect(quoted("runs/a-1")).toBe("runs/a-1");
  expect(quoted("my runs/it's")).toBe("'my runs/it'\\''s'");
});
