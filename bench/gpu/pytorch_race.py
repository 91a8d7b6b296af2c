"""The CFContra step and the prediction of ../pytorch_step.py on a GPU, for `npm run gpu`.

As fast as plain PyTorch gets without other libraries: cuDNN's benchmark mode, and per run channels-last
weights and images, bfloat16 autocast, TF32, torch.compile. Nothing is read from the GPU in a step: prototypes
are updated with matrix products instead of a loop over the classes, and the steps are timed together, with
one synchronisation at the end. Prints one JSON line per run, which is named

    train:BATCH:float32|tf32|bfloat16:eager|channels-last|compiled
    predict:1:...

    python3 bench/gpu/pytorch_race.py --runs train:1:bfloat16:eager,train:1:bfloat16:channels-last
"""
import argparse
import contextlib
import gc
import json
import os
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import pytorch_step as reference  # noqa: E402

CLASSES, DIM = reference.CLASSES, reference.DIM


class Small(nn.Module):
    """Stands in for the network in a smoke test: the same outputs, hardly any work."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, stride=8, padding=3), nn.BatchNorm2d(8))
        self.layer1 = self.layer2 = self.layer3 = self.layer4 = nn.Identity()
        self.aux, self.main = nn.Conv2d(8, CLASSES, 1), nn.Conv2d(8, CLASSES, 1)
        self.project = nn.Linear(8, DIM)

    def forward(self, x):
        x = self.stem(x)
        return self.aux(x), self.main(x), self.project(x.permute(0, 2, 3, 1).reshape(-1, 8))


def synchronize(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def peak(device):
    """Largest memory of tensors and of the allocator, in MiB."""
    if device.type != "cuda":
        return {}
    mebi = 2**20
    allocated, reserved = torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()
    return {"peakMiB": allocated / mebi, "reservedMiB": reserved / mebi}


def timed(run, device, warmup, count):
    for _ in range(warmup):
        run()
    synchronize(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    began = time.perf_counter()
    for _ in range(count):
        run()
    synchronize(device)
    return (time.perf_counter() - began) / count


def autocast(run, device):
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=run.precision == "bfloat16")


def network(args, device, run):
    """The network, whose weights are drawn on the device where PyTorch can, and its memory format."""
    with torch.device(device) if hasattr(torch, "compile") else contextlib.nullcontext():
        model = Small() if args.small else reference.DeepLab()
    layout = torch.channels_last if run.channels_last else torch.contiguous_format
    return model.to(device).to(memory_format=layout), layout


def update(bank, features, labels):
    """As reference.update, for all classes at once."""
    with torch.no_grad():
        members = F.one_hot(labels.clamp(max=CLASSES), CLASSES + 1)[:, :CLASSES].float()
        present = members.sum(0).unsqueeze(1) > 0
        means = F.normalize(members.t() @ features, dim=1)
        moved = F.normalize(0.9 * bank + 0.1 * means, dim=1)
        bank.copy_(torch.where(present, moved, bank))


def compiler(args):
    """torch.compile; in a smoke test without the generation of code, which takes a minute."""
    backend = "aot_eager" if args.small else "inductor"
    return lambda body: torch.compile(body, backend=backend)


def training(args, device, run):
    size = (320, 640) if not args.small else (32, 64)
    model, layout = network(args, device, run)
    model.train()
    optimizer = reference.sgd(model)
    banks = [F.normalize(torch.randn(CLASSES, DIM, device=device), dim=1) for _ in range(2)]
    noise = lambda: torch.randn(run.batch, 3, *size, device=device) * 60
    source, target = [noise().contiguous(memory_format=layout) for _ in range(2)]
    labels = torch.randint(0, CLASSES, (run.batch, *size), device=device)
    up = lambda x: F.interpolate(x, size=size, mode="bilinear", align_corners=True)

    def losses(source_outputs, target_outputs, labels, a, b):
        (aux, predicted, features), (aux_t, predicted_t, features_t) = source_outputs, target_outputs
        features, features_t = features.float(), features_t.float()
        small = F.interpolate(labels[:, None].float(), size=predicted.shape[2:]).long().reshape(-1)
        guessed = reference.pseudo_labels(features_t, a)
        loss = reference.cross_entropy(up(predicted.float()), labels)
        loss = loss + 0.1 * reference.cross_entropy(up(aux.float()), labels)
        loss = loss + 0.001 * reference.entropy(up(predicted_t.float()))
        loss = loss + 0.0002 * reference.entropy(up(aux_t.float()))
        loss = loss + 0.001 * (
            reference.contrast(features, small, a)
            + reference.contrast(features_t, guessed, b)
            + reference.contrast(features_t, guessed, a)
            + reference.contrast(features, small, b)
        )
        return loss, features, small, features_t, guessed

    forward, total = model, losses
    if run.compiled:
        forward, total = compiler(args)(model), compiler(args)(losses)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast(run, device):
            source_outputs, target_outputs = forward(source), forward(target)
        loss, features, small, features_t, guessed = total(
            source_outputs, target_outputs, labels, *banks
        )
        loss.backward()
        optimizer.step()
        update(banks[0], features.detach(), small)
        update(banks[1], features_t.detach(), guessed)
        return loss.detach()

    return step


def prediction(args, device, run):
    """From the bytes of an image to the bytes of its labels."""
    size = (512, 1024) if not args.small else (32, 64)
    model, layout = network(args, device, run)
    model.eval()
    image = torch.randint(0, 256, (*size, 3), dtype=torch.uint8)
    mean = torch.tensor([104.0, 117.0, 123.0], device=device)

    def labels(pixels):
        x = (pixels.float() - mean).permute(2, 0, 1)[None].contiguous(memory_format=layout)
        with autocast(run, device):
            x = model.layer3(model.layer2(model.layer1(model.stem(x))))
            logits = model.main(model.layer4(x)).float()
        full = F.interpolate(logits, size=size, mode="bilinear", align_corners=True)
        return full.argmax(1).to(torch.uint8)

    whole = compiler(args)(labels) if run.compiled else labels

    def predict():
        with torch.no_grad():
            return whole(image.to(device)).cpu()

    return predict


class Run:
    def __init__(self, name):
        self.name = name
        self.kind, batch, self.precision, variant = name.split(":")
        self.batch = int(batch)
        self.channels_last = variant == "channels-last"
        self.compiled = variant == "compiled"


def measure(args, device, run):
    if run.compiled and not hasattr(torch, "compile"):
        raise RuntimeError("this PyTorch has no torch.compile")
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = run.precision == "tf32"
        torch.backends.cuda.matmul.allow_tf32 = run.precision == "tf32"
    torch.manual_seed(1)
    began = time.perf_counter()
    prepare = {"train": training, "predict": prediction}[run.kind]
    seconds = timed(prepare(args, device, run), device, args.warmup, args.steps)
    return {"seconds": seconds, "whole": time.perf_counter() - began, **peak(device)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", required=True)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--small", action="store_true", help="a tiny network, for a smoke test")
    args = parser.parse_args()
    device = torch.device(args.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True
    for run in map(Run, args.runs.split(",")):
        report = {"run": run.name, "version": torch.__version__}
        try:
            report.update(measure(args, device, run))
        except Exception as error:  # the next run may work
            report["error"] = f"{type(error).__name__}: {error}".split("\n")[0]
        print(json.dumps(report), flush=True)
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
