"""AdaIN on an image in plain PyTorch, for `npm run bench -- style`.

The networks are sequences of modules, in evaluation mode and without gradients, as in the published
implementations. The statistics of the style are computed once, before timing. Prints one JSON line.
"""
import argparse
import json
import resource
import statistics
import time

import torch
import torch.nn as nn


def convolution(inputs, outputs, relu=True):
    layers = [nn.ReflectionPad2d((1, 1, 1, 1)), nn.Conv2d(inputs, outputs, 3)]
    return [*layers, nn.ReLU(inplace=True)] if relu else layers


def encoder():
    pool = lambda: nn.MaxPool2d(2, 2, ceil_mode=True)
    return nn.Sequential(
        nn.Conv2d(3, 3, 1),
        *convolution(3, 64), *convolution(64, 64), pool(),
        *convolution(64, 128), *convolution(128, 128), pool(),
        *convolution(128, 256), *convolution(256, 256), *convolution(256, 256), *convolution(256, 256), pool(),
        *convolution(256, 512),
    )  # fmt: skip


def decoder():
    up = lambda: nn.Upsample(scale_factor=2, mode="nearest")
    return nn.Sequential(
        *convolution(512, 256), up(),
        *convolution(256, 256), *convolution(256, 256), *convolution(256, 256), *convolution(256, 128), up(),
        *convolution(128, 128), *convolution(128, 64), up(),
        *convolution(64, 64), *convolution(64, 3, relu=False),
    )  # fmt: skip


def mean_and_deviation(features):
    flat = features.flatten(2)
    return flat.mean(2)[:, :, None, None], (flat.var(2) + 1e-5).sqrt()[:, :, None, None]


def main():
    parser = argparse.ArgumentParser()
    for name in ("width", "height", "images", "threads"):
        parser.add_argument("--" + name, type=int)
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    encode, decode = encoder().eval(), decoder().eval()
    image = torch.randint(0, 256, (args.height, args.width, 3), dtype=torch.uint8)
    to_tensor = lambda picture: picture.permute(2, 0, 1).contiguous().float().div(255)[None]

    with torch.no_grad():
        mean, deviation = mean_and_deviation(encode(to_tensor(image)))

        def restyle():
            features = encode(to_tensor(image))
            own, spread = mean_and_deviation(features)
            moved = (features - own) / spread * deviation + mean
            picture = decode(moved)[0].mul(255).add_(0.5).clamp_(0, 255)
            return picture.permute(1, 2, 0).to(torch.uint8).contiguous()

        seconds, cpu = [], []
        for i in range(args.images + 1):
            began, before = time.perf_counter(), time.process_time()
            restyle()
            if i > 0:  # the first is a warm-up
                seconds.append(time.perf_counter() - began)
                cpu.append(time.process_time() - before)
    report = {
        "seconds": statistics.median(seconds),
        "cpuSeconds": statistics.median(cpu),
        "peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "version": torch.__version__,
    }
    print(json.dumps(report))


main()
