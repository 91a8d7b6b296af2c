import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // These end what hangs. A busy machine may take minutes for what takes seconds; nothing is tried twice.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 240_000 } },
    watch: false,
    // Every file in a process of its own, since each loads libtorch: two at a time, one thread
    // each, which two cores can carry. A test about threads sets their number itself.
    pool: "forks",
    maxWorkers: 2,
    env: { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
  },
});
