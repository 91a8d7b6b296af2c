import { Argument, Command } from "commander";

export const command = () =>
  new Command("completion")
    .description("print a script that completes commands, options and their values")
    .addArgument(new Argument("<shell>", "shell to write it for").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
Keep it where the shell looks for it, write it again after an update, and open a new shell:
  cfcontra completion bash > ~/.local/share/bash-completion/completions/cfcontra
  cfcontra completion zsh > ~/.zfunc/_cfcontra    (.zshrc: fpath+=(~/.zfunc); autoload -U compinit; compinit)
  cfcontra completion fish > ~/.config/fish/completions/cfcontra.fish
bash without the package bash-completion: name any file, and \`source\` it in .bashrc.

It completes the command \`cfcontra\`: of a global install (npm install -g), of \`npm link\` in a clone,
or of a function, cfcontra() { npx cfcontra "$@"; }`,
    )
    .action(async (shell, _, self: Command) => {
      const { completion } = await import("../completion/index.js");
      completion(shell, self.parent as Command);
    });
