import { expect, test, vi } from "vitest";
import { interruptible, interruption } from "../../src/cli/terminal/interruption.js";

/** Calls this process's newest signal listener; a real signal would end the tests. */
const send = () => process.listeners("SIGTERM").at(-1)?.("SIGTERM");

test("the first signal aborts, another one a second later ends the process", () => {
  const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
  const now = vi.spyOn(performance, "now").mockReturnValue(0);
  const { signal, end } = interruption();
  try {
    expect(signal.aborted).toBe(false);
    send();
    expect(signal.aborted).toBe(true);
    now.mockReturnValue(900); // the launcher's copy of the same signal
    send();
    expect(exit).not.toHaveBeenCalled();
    now.mockReturnValue(1001);
    send();
    expect(exit).toHaveBeenCalledWith(130);
  } finally {
    end();
    exit.mockRestore();
    now.mockRestore();
  }
});

test("listens only while the work runs", async () => {
  const before = process.listenerCount("SIGTERM");
  const during = await interruptible(async () => process.listenerCount("SIGTERM"));
  expect(during).toBe(before + 1);
  expect(process.listenerCount("SIGTERM")).toBe(before);
  await expect(interruptible(async () => Promise.reject(new Error("x")))).rejects.toThrow("x");
  expect(process.listenerCount("SIGTERM")).toBe(before);
});
