import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    watch: false,
    // A shared machine may starve a browser or a rank once; what is wrong fails twice.
    retry: process.env.CI ? 1 : 0,
    // Every file in a process of its own, since each loads libtorch: two at a time, one thread
    // each, which two cores can carry. A test about threads sets their number itself.
    pool: "forks",
    maxWorkers: 2,
    env: { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
  },
});
