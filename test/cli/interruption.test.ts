import { expect, test } from "vitest";
import { interruption } from "../../src/cli/terminal/interruption.js";
import { UserError } from "../../src/errors.js";

test("a checkpoint that cannot be saved at a signal is the error of what was under way", async () => {
  const interrupted = interruption();
  try {
    const endless = new Promise<void>(() => {});
    const evaluating = interrupted.atOnce(
      () => {
        throw new UserError("the disk is full");
      },
      () => endless,
    );
    // The listener alone: a real signal would end the tests.
    process.listeners("SIGTERM").at(-1)?.("SIGTERM");
    await expect(evaluating).rejects.toThrow("the disk is full");
    expect(interrupted.asked).toBe(true);
    await expect(
      interrupted.atOnce(
        () => {},
        async () => 3,
      ),
    ).resolves.toBe(3);
  } finally {
    interrupted.end();
  }
});
