// The pages of web/, one folder each: `vite build web/NAME --config web/vite.config.js`.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // a page works from any folder of any server
  // ONNX Runtime's WebAssembly stays a file of its own, fetched from beside the page.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"] },
  worker: { format: "es" },
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  logLevel: "warn",
});
