import { el } from "./element.js";
import type { Tab } from "./tab.js";

/** The configuration of the run, with all defaults. */
export const settingsTab: Tab = ({ id, details: { configText, summary } }) => {
  const report = el(
    "p",
    {},
    el(
      "a",
      { href: `report?run=${encodeURIComponent(id)}`, target: "_blank", rel: "noopener" },
      "Open the run's report",
    ),
  );
  const text =
    configText === ""
      ? el(
          "p",
          { class: "empty" },
          "This run has no config.yaml, or one that is too large to show.",
        )
      : el(
          "pre",
          { class: "config", tabindex: "0", role: "region", "aria-label": "config.yaml" },
          ...lines(configText),
        );
  return {
    element: el(
      "div",
      {},
      ...(summary.hasReport ? [report] : []),
      el("h2", {}, "config.yaml"),
      text,
    ),
  };
};

/** YAML with highlighted keys. */
function lines(text: string): Node[] {
  return text.split("\n").flatMap((line) => {
    const [, indent, key, rest] = /^(\s*(?:- )?)([\w.-]+:)(.*)$/.exec(line) ?? [];
    if (key === undefined) return [document.createTextNode(`${line}\n`)];
    return [
      document.createTextNode(indent ?? ""),
      el("span", { class: "config-key" }, key),
      document.createTextNode(`${rest}\n`),
    ];
  });
}
