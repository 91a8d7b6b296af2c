// The pages of web/, one folder each: `vite build web/NAME --config web/vite.config.js`.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // a page works from any folder of any server
  resolve: {
    // ONNX Runtime's WebAssembly stays a file of its own, fetched from the page's folder.
    conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"],
    preserveSymlinks: true, // setup/pages.js may build through a link
  },
  worker: { format: "es" },
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  logLevel: "warn",
});
