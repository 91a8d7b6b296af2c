"""Outputs and gradients of a network in plain PyTorch for weights and inputs of a test.

A script calls `answer(build)` and is run as: SCRIPT.py GIVEN ANSWER ARGUMENT...
GIVEN is a safetensors file: the state dict, `input.0`, `input.1`, ..., and `weight.NAME` of the shape of each
output. `build` makes the module from the arguments; its forward takes the inputs and returns outputs by name.
ANSWER gets, as safetensors too, `eval.NAME` and `train.NAME` (the outputs), `grad.PARAMETER` of the outputs' sum
weighted by `weight.NAME` in training, and the state dict after it.
"""

import json
import struct
import sys

import torch


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        body = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            flat = torch.frombuffer(bytearray(body[start:end]), dtype=torch.float32)
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


def write(path, tensors):
    header, body = {}, bytearray()
    for name, tensor in tensors.items():
        data = tensor.detach().float().contiguous().numpy().tobytes()
        offsets = [len(body), len(body) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


def answer(build):
    given, path, *arguments = sys.argv[1:]
    tensors = read(given)
    inputs = [tensors.pop(f"input.{i}") for i in range(sum(name.startswith("input.") for name in tensors))]
    weights = {name: tensors.pop(name) for name in list(tensors) if name.startswith("weight.")}
    network = build(*arguments)
    missing, unexpected = network.load_state_dict(tensors, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    assert not missing and not unexpected, (missing, unexpected)
    network.eval()
    with torch.no_grad():
        found = {f"eval.{name}": value for name, value in network(*inputs).items()}
    network.train()
    outputs = network(*inputs)
    sum((value * weights[f"weight.{name}"]).sum() for name, value in outputs.items()).backward()
    found.update({f"train.{name}": value for name, value in outputs.items()})
    found.update({f"grad.{name}": value.grad for name, value in network.named_parameters()})
    found.update(network.state_dict())
    write(path, found)
