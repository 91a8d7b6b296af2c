import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunDetails, RunsEvent } from "../../src/dashboard/api.js";
import { dashboardApp } from "../../src/dashboard/app.js";
import { makeRun } from "./runs.js";
import { get, json, withApp } from "./served.js";

describe("nothing outside of the folder is served", () => {
  test("by paths", async () => {
    await withApp(async (app, runs, root) => {
      await makeRun(join(runs, "a"), { images: 1 });
      // All there, so that nothing but the guard answers 404.
      for (const file of ["runs/secret.png", "runs/a/secret.png", "runs/a/style/.hidden.png"]) {
        writeFileSync(join(root, file), "secret");
      }
      writeFileSync(join(runs, "a/report.html"), "report");
      writeFileSync(join(root, "pages/assets/.stamp.json"), "{}");
      writeFileSync(join(root, "pages/secret.png"), "secret");
      for (const path of [
        "/picture?run=a&file=previews/target/000/input.jpg",
        "/report?run=a",
        "/assets/main.js",
      ]) {
        expect([path, (await get(app, path)).status]).toEqual([path, 200]);
      }
      const files = [
        "../secret.png",
        "../../secret.png",
        "previews/../../../secret.png",
        "previews/target/000/../../../../../secret.png",
        "previews/..%2F..%2Fsecret.png",
        "/etc/passwd",
        "previews/target/000/input.jpg\0.png",
        "previews\\..\\secret.png",
        "status.json",
        "config.yaml",
        "style/.hidden.png",
      ];
      for (const file of files) {
        const response = await get(app, `/picture?run=a&file=${encodeURIComponent(file)}`);
        expect([file, response.status]).toEqual([file, 404]);
      }
      for (const run of ["..", "../runs/a", "a/../a", "/", "", ".", "a/", "%2e%2e"]) {
        for (const path of ["/api/run", "/api/prototypes", "/api/features", "/report"]) {
          const response = await get(app, `${path}?run=${encodeURIComponent(run)}`);
          expect([run, path, response.status]).toEqual([run, path, 404]);
        }
      }
      for (const path of [
        "/assets/..%2f..%2fsecret.png",
        "/assets/%2e%2e/index.html",
        "/../secret.png",
        "/assets/.stamp.json",
      ]) {
        expect([path, (await get(app, path)).status]).toEqual([path, 404]);
      }
    });
  });

  test("by links", async () => {
    await withApp(async (app, runs, root) => {
      await makeRun(join(root, "outside"), { images: 1 });
      await makeRun(join(runs, "a"), { images: 1 });
      symlinkSync(join(root, "outside"), join(runs, "linked"));
      symlinkSync(
        join(root, "secret.png"),
        join(runs, "a/previews/target/000/step-0000001-prediction.png"),
      );
      for (const name of ["metrics.jsonl", "config.yaml", "prototypes.jsonl", "features.json"]) {
        rmSync(join(runs, "a", name));
        symlinkSync(join(root, "outside", name), join(runs, "a", name));
      }
      symlinkSync(join(root, "secret.png"), join(runs, "a/report.html"));
      const { runs: list } = await json<RunsEvent>(app, "/api/runs");
      expect(list.map(({ id }) => id)).toEqual(["a"]);
      expect(list[0]).not.toHaveProperty("loss");
      expect((await get(app, "/api/run?run=linked")).status).toBe(404);
      const picture = "previews/target/000/step-0000001-prediction.png";
      expect((await get(app, `/picture?run=a&file=${picture}`)).status).toBe(404);
      expect((await get(app, "/report?run=a")).status).toBe(404);
      expect(await json(app, "/api/series?run=a")).toEqual([]);
      expect(await json(app, "/api/prototypes?run=a")).toBe(null);
      expect(await json(app, "/api/features?run=a")).toBe(null);
      expect((await json<RunDetails>(app, "/api/run?run=a")).configText).toBe("");
      rmSync(join(runs, "a/previews"), { recursive: true });
      symlinkSync(join(root, "outside/previews"), join(runs, "a/previews"));
      expect((await json<RunDetails>(app, "/api/run?run=a")).previews).toEqual([]);
      expect((await get(app, "/picture?run=a&file=previews/target/000/input.jpg")).status).toBe(
        404,
      );
    });
  });
});

test("a run that is served alone does not give access to its neighbours", async () => {
  await withApp(async (_, runs, root) => {
    await makeRun(join(runs, "mine"), { images: 1 });
    await makeRun(join(runs, "other"), { images: 1 });
    for (const name of ["features.json", "config.yaml", "metrics.jsonl"]) {
      rmSync(join(runs, "mine", name));
      symlinkSync(join(runs, "other", name), join(runs, "mine", name));
    }
    rmSync(join(runs, "mine/previews"), { recursive: true });
    symlinkSync(join(runs, "other/previews"), join(runs, "mine/previews"));
    const app = dashboardApp({ runs: join(runs, "mine"), pages: join(root, "pages") });
    expect(await json(app, "/api/features?run=mine")).toBe(null);
    expect(await json(app, "/api/series?run=mine")).toEqual([]);
    const details = await json<RunDetails>(app, "/api/run?run=mine");
    expect(details).toMatchObject({ configText: "", previews: [] });
    const picture = "/picture?run=mine&file=previews/target/000/input.jpg";
    expect((await get(app, picture)).status).toBe(404);
  });
});

describe("other visitors", () => {
  test("are refused if they use another name of the server", async () => {
    await withApp(async (app) => {
      for (const host of ["localhost:7700", "127.0.0.1:1234", "[::1]:80", "LOCALHOST"]) {
        expect([host, (await get(app, "/", { host })).status]).toEqual([host, 200]);
      }
      for (const host of [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:7700",
        "10.0.0.1",
        "127.0.0.1@evil.example",
        "",
      ]) {
        expect([host, (await get(app, "/api/runs", { host })).status]).toEqual([host, 403]);
      }
    });
  });

  test("can only read", async () => {
    await withApp(async (app) => {
      for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
        const { status } = await app.request("http://localhost/api/runs", { method });
        expect([method, status]).toEqual([method, 405]);
      }
    });
  });

  test("need the token for everything, if there is one; no answer contains it", async () => {
    const token = "a".repeat(32);
    await withApp(async (app) => {
      for (const path of ["/", "/api/runs", "/api/events", "/assets/main.js", "/?token=wrong"]) {
        const response = await get(app, path, { host: "machine.example" });
        expect([path, response.status]).toEqual([path, 401]);
        expect(await response.text()).not.toContain(token);
      }
      const entry = await get(app, `/?run=a&token=${token}`, { host: "machine.example" });
      expect(entry.status).toBe(302);
      const cookie = entry.headers.get("set-cookie") ?? "";
      expect(cookie).toMatch(/HttpOnly/);
      expect(cookie).toMatch(/SameSite=Strict/);
      expect(cookie).not.toMatch(/path=/i); // that of the address, whatever prefix a proxy adds
      const again = await get(app, "/api/runs", { cookie: cookie.split(";")[0] as string });
      expect(again.status).toBe(200);
      const bearer = await get(app, "/api/runs", { authorization: `Bearer ${token}` });
      expect(bearer.status).toBe(200);
    }, token);
  });

  test("are redirected by the token to the same page, behind the prefix of a proxy, and nowhere else", async () => {
    const token = "b".repeat(32);
    await withApp(async (app) => {
      const leadsTo = async (path: string, seen = `http://proxy.example${path}`) => {
        const { headers } = await get(app, path);
        return new URL(headers.get("location") ?? "missing", seen).href;
      };
      const query = `token=${token}`;
      expect(await leadsTo(`/?${query}`, `http://proxy.example/runs/?${query}`)).toBe(
        "http://proxy.example/runs/",
      );
      expect(await leadsTo(`/?run=a&${query}`, `http://proxy.example/runs/?${query}`)).toBe(
        "http://proxy.example/runs/?run=a",
      );
      expect(await leadsTo(`/report?run=a&${query}`)).toBe("http://proxy.example/report?run=a");
      expect(await leadsTo(`//evil.example/?${query}`)).toBe("http://proxy.example//evil.example/");
      expect(await leadsTo(`/evil:80?${query}`)).toBe("http://proxy.example/evil:80");
    }, token);
  });

  test("get headers that forbid foreign code, frames and type sniffing; a report has its own origin", async () => {
    await withApp(async (app, runs) => {
      await makeRun(join(runs, "a"));
      writeFileSync(join(runs, "a/report.html"), "<script>1</script>");
      for (const path of ["/", "/assets/main.js", "/api/runs", "/api/run?run=none"]) {
        const { headers } = await get(app, path);
        const policy = headers.get("content-security-policy") ?? "";
        expect(policy).toMatch(/default-src 'none'; script-src 'self';/);
        expect(policy).toMatch(/frame-ancestors 'none'/);
        expect(policy).not.toMatch(/unsafe/);
        expect(headers.get("x-content-type-options")).toBe("nosniff");
        expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      }
      const report = await get(app, "/report?run=a");
      expect(report.headers.get("content-security-policy")).toMatch(
        /^sandbox allow-scripts; default-src 'none'/,
      );
      expect(report.headers.get("content-security-policy")).not.toMatch(/allow-same-origin/);
    });
  });
});
