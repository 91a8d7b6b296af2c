"""MobileNetV1 in plain PyTorch from a file with Keras's names: the oracle of mobilenet-v1.test.ts.

usage: mobilenet_v1.py WEIGHTS HEIGHT WIDTH OUTPUT_STRIDE

Prints the outputs of blocks 11 and 13 of a made-up image in [-1, 1] as JSON. At output stride 32 it is the
published classifier's trunk.
"""

import json
import math
import struct
import sys

import torch
import torch.nn.functional as F

path, height, width, output_stride = sys.argv[1], *map(int, sys.argv[2:])
with open(path, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    body = file.read()
weights = {}
for name, entry in header.items():
    if name != "__metadata__":
        start, end = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(body[start:end]), dtype=torch.float32)
        weights[name] = flat.reshape(entry["shape"])


def same(x, stride, dilation):
    """TensorFlow's padding: ceil(size / stride) outputs, an odd zero at the end."""
    sides = []
    for size in (x.shape[3], x.shape[2]):
        total = max((math.ceil(size / stride) - 1) * stride + 2 * dilation + 1 - size, 0)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides)


def convolution(x, name, stride=1, dilation=1):
    depthwise = weights.get(f"{name}/depthwise_kernel")
    if depthwise is not None:
        kernel, groups = torch.einsum("hwcm->cmhw", depthwise), x.shape[1]
    else:
        kernel, groups = torch.einsum("hwio->oihw", weights[f"{name}/kernel"]), 1
    if kernel.shape[2] == 3:
        x = same(x, stride, dilation)
    x = F.conv2d(x, kernel.contiguous(), None, stride, 0, dilation, groups)
    norm = {key: weights[f"{name}_bn/{key}"].reshape(1, -1, 1, 1) for key in
            ("gamma", "beta", "moving_mean", "moving_variance")}
    x = (x - norm["moving_mean"]) / torch.sqrt(norm["moving_variance"] + 1e-3)
    return torch.clamp(x * norm["gamma"] + norm["beta"], 0, 6)


positions = torch.arange(3 * height * width, dtype=torch.float64)
image = torch.sin(positions * 0.37) * torch.cos(positions * 0.0113)
x = convolution(image.float().reshape(1, 3, height, width), "conv1", 2)
reached, rate = 2, 1
features = []
for block, wanted in enumerate([1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1], 1):
    stride = wanted if reached * wanted <= output_stride else 1
    reached *= stride
    x = convolution(x, f"conv_dw_{block}", stride, rate)
    if stride < wanted:
        rate *= wanted
    x = convolution(x, f"conv_pw_{block}")
    if block in (11, 13):
        features.append({"shape": list(x.shape), "values": x.flatten().tolist()})
print(json.dumps(features))
