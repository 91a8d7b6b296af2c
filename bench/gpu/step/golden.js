// DeepLab-v2 ResNet-101 and AdaIN on the device against recordings of the reference implementation
// (test/golden).
import { entropyLoss } from "../../../dist/entropy/index.js";
import { deeplabV2, segmentationLoss } from "../../../dist/network/index.js";
import { adain, createCoder } from "../../../dist/style/index.js";
import { copyInto, dispose, noGrad, scope, tensor, useDevice } from "../../../dist/torch/index.js";
import { goldenParameter, readGolden } from "../../../test/golden/golden.js";
import { relativeError } from "../difference.js";
import { attempt, within } from "../report.js";
import { device, tiny } from "../settings.js";

/** @typedef {import("../../../dist/torch/index.js").Tensor} Tensor */

useDevice(device, { tf32: false, benchmark: false });

/** @param {string} file */
function recording(file) {
  const golden = readGolden(file);
  /** @param {string} name */
  const entry = (name) => {
    const found = golden.get(name);
    if (!found) throw new Error(`${file} does not contain ${name}`);
    return found;
  };
  return {
    /** @param {string} name */
    values: (name) => /** @type {Float32Array} */ (entry(name).data),
    /** @param {string} name */
    load: (name) => tensor(entry(name).data, entry(name).shape, { device }),
  };
}

/** @param {ReadonlyMap<string, Tensor>} parameters */
function setParameters(parameters) {
  for (const [name, parameter] of parameters) {
    const values = goldenParameter(name, parameter.shape);
    if (!values) throw new Error(`no golden value for ${name}`);
    noGrad(() => scope(() => copyInto(parameter, tensor(values, parameter.shape, { device }))));
  }
}

/** @param {Tensor} found @param {ArrayLike<number>} wanted */
const difference = (found, wanted) => relativeError(found.numbers(), wanted);

function network() {
  const { values, load } = recording("deeplab_v2_resnet101.safetensors");
  const net = deeplabV2({ backbone: "resnet101", classes: 19, head: "moco", device });
  setParameters(net.parameters.all);
  noGrad(() =>
    scope(() => {
      const { aux, main, features } = net.forward(load("image"), false);
      within("the auxiliary logits", difference(aux, values("eval.aux")), 1e-3);
      within("the main logits", difference(main, values("eval.main")), 1e-3);
      const projected = net.project(features, false);
      within("the projected features", difference(projected, values("eval.features")), 1e-3);
    }),
  );
  scope(() => {
    const { aux, main } = net.forward(load("image"), true);
    within("the main logits in training", difference(main, values("train.main")), 1e-3);
    const labels = load("label");
    const losses = {
      seg_main: segmentationLoss(main, labels),
      seg_aux: segmentationLoss(aux, labels),
      ent_main: entropyLoss(main, 65, 97),
      ent_aux: entropyLoss(aux, 65, 97),
    };
    for (const [name, loss] of Object.entries(losses)) {
      within(`the loss ${name}`, difference(loss, values(`loss.${name}`)), 1e-4);
    }
  });
  dispose(net.parameters.all);
}

function style() {
  const { values, load } = recording("adain.safetensors");
  const coder = createCoder(1, device);
  setParameters(coder.parameters.all);
  noGrad(() =>
    scope(() => {
      const look = adain(coder);
      const statistics = look.statistics(load("style").squeeze(0));
      const picture = look.apply(load("content").squeeze(0), statistics, 1);
      within("the picture of AdaIN", difference(picture, values("decoded")), 1e-3);
    }),
  );
  dispose(coder.parameters.all);
}

if (!tiny) await attempt("the network", network);
await attempt("AdaIN", style);
