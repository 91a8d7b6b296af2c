import { Command } from "commander";

export const command = () =>
  new Command("setup")
    .description(
      "look for libtorch again and build what is missing; other commands do it when needed",
    )
    .addHelpText(
      "after",
      `
Run it after you have installed another libtorch or moved one. It looks at LIBTORCH, pip's torch,
Homebrew and the system's package, in this order.`,
    )
    .action(() => {
      process.stderr.write("set-up: ready\n"); // bin/cfcontra.js has done it
    });
