import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pythonsWithTorch } from "../../bench/pythons.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

test("finds every PyTorch of the machine once", async () => {
  await inTemporaryFolder(async (root) => {
    const python = (name: string, script: string) => {
      const folder = join(root, name, "bin");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "python3"), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, "python3"), 0o755);
      return folder;
    };
    const environment = python("environment", "echo /one/torch/__init__.py");
    const own = { VIRTUAL_ENV: join(root, "environment") };
    const found = (folder: string) =>
      pythonsWithTorch({ ...own, PATH: `${folder}:/bin` }).filter(
        (at) => at !== "/usr/bin/python3",
      );
    const first = join(environment, "python3");
    expect(found(python("same", "echo /one/torch/__init__.py"))).toEqual([first]);
    expect(found(python("other", "echo /two/torch/__init__.py"))).toEqual([first, "python3"]);
    expect(found(python("none", "exit 1"))).toEqual([first]);
  });
});
