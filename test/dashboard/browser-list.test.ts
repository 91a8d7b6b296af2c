import { describe, expect, test } from "vitest";
import { CHROMIUM } from "../chromium.js";
import { skipUnless } from "../skip.js";
import { shownRuns } from "./browser.js";

describe("the list of runs", skipUnless(CHROMIUM !== undefined, "chromium"), () => {
  const shown = shownRuns();

  test("the list has gains, groups, chosen columns and the report's link", async () => {
    await shown.open("");
    const row = shown.page.getByRole("row", { name: /demo\/cfcontra-1/ });
    await row.getByText("+4.4").waitFor();
    await row.getByText("to source-only").waitFor();
    expect(await row.getByRole("link", { name: /^Report of/ }).getAttribute("href")).toBe(
      "report?run=demo%2Fcfcontra-1",
    );
    await shown.page.getByLabel("Group by").selectOption("method");
    await shown.page.getByRole("rowheader", { name: /^method minent: \d+ runs?$/ }).waitFor();
    await shown.page.getByText("Columns", { exact: true }).click();
    await shown.page.getByLabel("network.width", { exact: true }).check();
    await shown.page.getByLabel("Loss", { exact: true }).uncheck();
    await shown.page.getByRole("columnheader", { name: "network.width" }).waitFor();
    expect(await shown.page.getByRole("columnheader", { name: "Loss" }).count()).toBe(0);
    await shown.page.reload();
    await row.getByRole("cell", { name: "0.5", exact: true }).waitFor();
    await shown.page.getByRole("rowheader", { name: /^method minent: \d+ runs?$/ }).waitFor();
    await shown.page.getByLabel("Group by").selectOption("network.width");
    await shown.page
      .getByRole("rowheader", { name: /^network\.width 0\.125: \d+ runs?$/ })
      .waitFor();
    expect(shown.wrong).toEqual([]);
  });

  test("says that the server does not answer, in its own words", async () => {
    await shown.open("");
    await shown.page.getByRole("link", { name: "failed" }).waitFor();
    const port = Number(new URL(shown.server.address).port);
    await shown.stop();
    await shown.page.getByRole("link", { name: "failed" }).click();
    await shown.page.getByText("The dashboard's server does not answer").waitFor();
    shown.server = await shown.start(port);
    await shown.page.getByText("is not finite").waitFor(); // by itself, once the server is back
  });
});
