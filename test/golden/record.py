"""Records the golden vectors of this folder from the published implementations, or compares them.

usage:
  record.py --cfcontra CHECKOUT --out FOLDER   writes deeplab_v2_resnet101 and contrastive
  record.py --adain CHECKOUT --out FOLDER      writes adain
  record.py --check FOLDER                     compares FOLDER's files with those beside this script

CHECKOUT is a clone of CFContra's public PyTorch code, which builds on ADVENT, or of pytorch-AdaIN. The
script imports their modules and calls them. Recording needs PyTorch; checking needs NumPy.
"""

import argparse
import importlib
import pathlib
import sys

import numpy as np

import tensor_file
import values

# Where CFContra keeps what is called below, as module:attribute. `network`, `cross_entropy` and `entropy` are
# ADVENT's names. The others depend on the version of the checkout: pass `--name contrast=module:attribute`,
# and change the function below that calls it if it takes its arguments in another order.
NAMES = {
    "network": "advent.model.deeplabv2:get_deeplab_v2",  # (num_classes=, multi_level=, head=) -> module
    "cross_entropy": "advent.utils.func:loss_calc",  # (logits, labels, device) -> loss
    "entropy": "advent.utils.loss:entropy_loss",  # (probabilities) -> loss
    "pseudo_labels": "advent.utils.contrast:pseudo_labels",  # (features, memory, threshold) -> labels
    "class_means": "advent.utils.contrast:class_means",  # (features, labels, classes) -> unit rows
    "contrast": "advent.utils.contrast:contrast",  # (features, labels, memory, temperature) -> loss
    "updated": "advent.utils.contrast:updated",  # (memory, means, momentum) -> memory
}
CLASSES, RATE, MOMENTUM, WEIGHT_DECAY = 19, 2.5e-4, 0.9, 5e-4
TEMPERATURE, BANK_MOMENTUM, THRESHOLDS = 0.07, 0.9, (0.0, 0.01, 0.05)

GRADIENTS = [
    *("conv1.weight", "layer3.10.conv2.weight", "layer4.2.conv3.weight", "layer5.conv2d_list.3.bias"),
    *("layer6.conv2d_list.0.bias", "layer6.conv2d_list.2.weight"),
]
STEPPED = [
    *("conv1.weight", "layer1.0.conv1.weight", "layer1.0.downsample.0.weight"),
    *("layer6.conv2d_list.0.bias", "head.0.bias"),
]


def found(names, key):
    """What a name of NAMES stands for in the checkout."""
    module, attribute = names[key].split(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        sys.exit(f"{key}: {error}; pass --name {key}=module:attribute")


def fill(module, prefix=""):
    """Gives every parameter and buffer of a module the value that its name stands for."""
    import torch

    state = {}
    for name, tensor in module.state_dict().items():
        made = values.parameter(prefix + name, tuple(tensor.shape))
        state[name] = tensor if made is None else torch.from_numpy(made)
    module.load_state_dict(state)


def head(gradient, kept=200_000):
    """A gradient as it is stored: whole, or its first values."""
    return gradient.reshape(-1)[:kept] if gradient.numel() > kept else gradient


def scalar(loss):
    return loss.detach().reshape(1)


def record_network(names):
    """Outputs, losses, gradients, statistics and one optimiser step of DeepLab-v2 ResNet-101."""
    import torch
    import torch.nn.functional as F

    cross_entropy, entropy = found(names, "cross_entropy"), found(names, "entropy")
    model = found(names, "network")(num_classes=CLASSES, multi_level=True, head="moco")
    fill(model)
    image, label = torch.from_numpy(values.image()), torch.from_numpy(values.label())
    out = {"image": image, "label": label}

    def upsampled(logits):
        return F.interpolate(logits, image.shape[2:], mode="bilinear", align_corners=True)

    model.eval()
    with torch.no_grad():
        aux, main, features = model(image)  # features: layer 4 behind the projection head
    out.update({"eval.aux": aux, "eval.main": main, "eval.features": features})
    out["eval.main_upsampled_argmax"] = upsampled(main).argmax(1)

    model.train()
    aux, main, _ = model(image)
    losses = {
        "seg_main": cross_entropy(upsampled(main), label, "cpu"),
        "seg_aux": cross_entropy(upsampled(aux), label, "cpu"),
        "ent_main": entropy(F.softmax(upsampled(main), dim=1)),
        "ent_aux": entropy(F.softmax(upsampled(aux), dim=1)),
    }
    losses["total"] = (
        losses["seg_main"]
        + 0.1 * losses["seg_aux"]
        + 0.001 * losses["ent_main"]
        + 0.0002 * losses["ent_aux"]
    )
    out.update({"train.aux": aux.detach(), "train.main": main.detach()})
    out.update({f"loss.{name}": scalar(loss) for name, loss in losses.items()})
    # The groups before the gradients: where the reference names a parameter twice, PyTorch warns.
    optimizer = torch.optim.SGD(
        model.optim_parameters(RATE), lr=RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
    )
    optimizer.zero_grad()
    losses["total"].backward()
    parameters = dict(model.named_parameters())
    for name in GRADIENTS:
        out[f"grad.{name}"] = head(parameters[name].grad)
    for name in ("running_mean", "running_var"):
        out[f"bn1.{name}_after"] = model.state_dict()[f"bn1.{name}"].clone()
    optimizer.step()
    for name in STEPPED:
        out[f"after_step.{name}"] = parameters[name].detach()
    return out


def record_contrast(names, inputs):
    """Pseudo-labels, class means, the four terms with their gradients, and one update of a bank."""
    import torch

    given = ("features_source", "features_target", "label_source", "memory_source", "memory_target")
    out = {name: torch.from_numpy(inputs[name].copy()) for name in given}
    pseudo_labels, class_means = found(names, "pseudo_labels"), found(names, "class_means")
    contrast, updated = found(names, "contrast"), found(names, "updated")

    for threshold in THRESHOLDS:
        found_labels = pseudo_labels(out["features_target"], out["memory_source"], threshold)
        out[f"pseudo_label.threshold_{threshold}"] = found_labels
    labels = {"source": out["label_source"], "target": out[f"pseudo_label.threshold_{THRESHOLDS[-1]}"]}
    for domain, own in labels.items():
        out[f"class_mean_{domain}"] = class_means(out[f"features_{domain}"], own, CLASSES)
    terms = {
        "source": ("source", "source"),
        "target": ("target", "target"),
        "target_to_source": ("target", "source"),
        "source_to_target": ("source", "target"),
    }
    for term, (domain, bank) in terms.items():
        # A copy of the bank for each: the reference moves the one that it is given.
        features, memory = out[f"features_{domain}"].clone(), out[f"memory_{bank}"].clone()
        features.requires_grad = True
        loss = contrast(features, labels[domain], memory, TEMPERATURE)
        loss.backward()
        out[f"loss.{term}"], out[f"grad.{term}"] = scalar(loss), features.grad
    moved = updated(out["memory_source"].clone(), out["class_mean_source"], BANK_MOMENTUM)
    out["memory_source_after_source_update"] = moved
    return out


def record_adain():
    """Features, pictures, losses and gradients of pytorch-AdaIN's `net` and `function`."""
    import torch

    net, function = importlib.import_module("net"), importlib.import_module("function")
    fill(net.vgg, "vgg.")
    fill(net.decoder, "decoder.")
    # relu4_1 is the last layer that the method uses.
    model = net.Net(torch.nn.Sequential(*list(net.vgg.children())[:31]), net.decoder)
    content, style = torch.from_numpy(values.content()), torch.from_numpy(values.style())
    out = {"content": content, "style": style}
    with torch.no_grad():
        own, other = model.encode(content), model.encode(style)
        moved = function.adaptive_instance_normalization(own, other)
        out.update({"content_features": own, "style_features": other, "adain_features": moved})
        out["decoded"] = net.decoder(moved)
        out["decoded_alpha_0.5"] = net.decoder(0.5 * moved + 0.5 * own)
        out["coral"] = function.coral(style[0], content[0])
    content_loss, style_loss = model(content, style)
    (content_loss + 10 * style_loss).backward()
    out.update({"loss.content": scalar(content_loss), "loss.style": scalar(style_loss)})
    parameters = dict(net.decoder.named_parameters())
    out["grad.decoder.1.weight_head"] = head(parameters["1.weight"].grad, 50_000)
    out["grad.decoder.28.bias"] = parameters["28.bias"].grad
    return out


def save(path, tensors, metadata=None):
    tensor_file.write(path, {name: tensor.numpy() for name, tensor in tensors.items()}, metadata)
    print(f"{path}: {len(tensors)} tensors")


def bound(file, name, kind):
    """How far a tensor may be from the recorded one: a share of integers, else relative to its norm."""
    if name.startswith("loss."):
        return 1e-4
    # Batch statistics over nine by thirteen pixels, a hundred layers deep, amplify rounding: the gradients of
    # two versions of PyTorch differ by 3 %.
    deep = file == "deeplab_v2_resnet101" and name.startswith("grad.")
    return 0.05 if deep and kind == "f" else 1e-3


def difference(one, recorded):
    """The share of integers that differ, or the distance relative to the recorded norm."""
    if recorded.dtype.kind == "i":
        return float(np.mean(one != recorded))
    return float(np.linalg.norm(one - recorded) / max(np.linalg.norm(recorded), 1e-30))


def compared(file, own, recorded):
    """Every tensor of two files as (name, difference or None where it cannot be told, bound)."""
    for name in sorted(own.keys() | recorded.keys()):
        one, other = own.get(name), recorded.get(name)
        alike = one is not None and other is not None and one.shape == other.shape
        gap = difference(one, other) if alike and one.dtype == other.dtype else None
        yield name, gap, bound(file, name, (one if other is None else other).dtype.kind)


def inputs_of(file):
    """The inputs in a file that follow from their names alone."""
    return {
        "deeplab_v2_resnet101": {"image": values.image(), "label": values.label()},
        "adain": {"content": values.content(), "style": values.style()},
    }.get(file, {})


def check(folder, here):
    """Compares every file of a folder with the recorded one; prints and counts what differs."""
    files = sorted(pathlib.Path(folder).glob("*.safetensors"))
    if not files:
        sys.exit(f"{folder} holds no .safetensors file to compare")
    faults = 0
    for path in files:
        own, rows = tensor_file.read(path), []
        for name, gap, most in compared(path.stem, own, tensor_file.read(here / path.name)):
            if gap is None:
                rows.append(f"{name}: missing, not recorded, or of another type or shape")
            elif not gap <= most:  # NaN, too
                rows.append(f"{name}: differs by {gap:.2g}, more than {most:g}")
        for name, made in inputs_of(path.stem).items():
            if not np.array_equal(own.get(name), made):
                rows.append(f"{name}: not what its name makes")
        print(f"{path.name}: {len(own)} tensors, {len(rows)} differ", *rows, sep="\n  ")
        faults += len(rows)
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cfcontra", metavar="CHECKOUT")
    parser.add_argument("--adain", metavar="CHECKOUT")
    parser.add_argument("--out", metavar="FOLDER")
    parser.add_argument("--name", action="append", default=[], metavar="KEY=MODULE:ATTRIBUTE")
    parser.add_argument("--check", metavar="FOLDER")
    args = parser.parse_args()
    here = pathlib.Path(__file__).parent
    if args.check:
        return 1 if check(args.check, here) else 0
    if not args.out or not (args.cfcontra or args.adain):
        parser.error("--check FOLDER, or --out FOLDER with --cfcontra or --adain")
    names = {**NAMES, **dict(pair.split("=", 1) for pair in args.name)}
    if names.keys() != NAMES.keys():
        parser.error(f"--name knows {', '.join(NAMES)}")
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    if args.cfcontra:
        sys.path.insert(0, args.cfcontra)
        save(out / "deeplab_v2_resnet101.safetensors", record_network(names))
        inputs = tensor_file.read(here / "contrastive.safetensors")
        metadata = {"temperature": str(TEMPERATURE), "momentum": str(BANK_MOMENTUM)}
        save(out / "contrastive.safetensors", record_contrast(names, inputs), metadata)
    if args.adain:
        sys.path.insert(0, args.adain)
        save(out / "adain.safetensors", record_adain(), {"content_weight": "1", "style_weight": "10"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
