import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { preset, tiny } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";

test("a protocol is trained row by row; what is complete is kept", async () => {
  await inTemporaryFolder(async (root) => {
    await makeDomains(root);
    const protocol = join(root, "tiny-pair.yaml");
    const rows = { "source-only": { method: "source-only" }, "MinEnt, 0": { method: "minent" } };
    const path = await preset(root, tiny(root));
    writeFileSync(
      protocol,
      stringify({ preset: path, seeds: [1, 2], baseline: "MinEnt, 0", rows }),
    );
    const bench = (...args: string[]) => {
      const common = ["results", protocol, "--data", root, "--runs", join(root, "runs")];
      const command = ["bench/main.js", ...common, ...args];
      const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
      expect([status, stderr.match(/rror.*/)]).toEqual([0, null]);
      return stdout;
    };
    const read = () => JSON.parse(readFileSync(join(root, "tiny-pair.json"), "utf8")).rows;
    expect(bench("--seed", "1")).toMatch(/^tiny-pair, MinEnt, 0, seed 1: camvid \d+\.\d$/m);
    const first = read();
    expect(first.map(({ row }: { row: string }) => row)).toEqual(["source-only", "MinEnt, 0"]);
    expect(first[1]).toMatchObject({ method: "minent", seed: 1, steps: 3 });
    expect(first[1].scores.camvid.iou).toHaveLength(19);
    expect(first[1].history.camvid).toHaveLength(1);
    expect(first[1].command).toMatch(/^npx cfcontra train --preset \S+ --method minent --seed 1 /);
    expect(first[1].commit).toMatch(/^[0-9a-f]{7,}\+?$/);

    bench("--row", "source-only");
    expect(read().map(({ seed }: { seed: number }) => seed)).toEqual([1, 1, 2]);
    expect(read().slice(0, 2)).toEqual(first); // not trained again
  });
});
