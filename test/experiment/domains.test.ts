import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/experiment/config.js";
import { withAbsoluteRoots } from "../../src/experiment/domains.js";
import { tiny } from "../cli/cli.js";

test("the data folder is where all relative roots start from, also the default one of streets", () => {
  const streets = { type: "streets", domain: "source", count: 1 };
  const own = { source: streets, labelledTarget: streets, evaluate: { own: streets } };
  const { target } = tiny("sets");
  const config = withAbsoluteRoots(parseConfig({ ...tiny("sets"), ...own }), "data");
  const drawn = resolve("data", "streets-v1");
  expect(config.source.root).toBe(drawn);
  expect(config.labelledTarget?.root).toBe(drawn);
  expect(config.evaluate.own?.root).toBe(drawn);
  expect(config.target).toEqual({ ...target, root: resolve("data", join("sets", "cityscapes")) });
});

test("a root that its type requires stays missing", () => {
  const config = parseConfig({ ...tiny("sets"), source: { type: "gta5" } });
  expect(withAbsoluteRoots(config, "data").source).toEqual({ type: "gta5" });
});
