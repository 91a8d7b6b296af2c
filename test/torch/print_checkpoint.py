"""Loads a file with torch.load, with and without weights_only, and prints its contents as JSON."""

import json
import sys

import torch

tensors = torch.load(sys.argv[1], weights_only=True)
for name, again in torch.load(sys.argv[1]).items():
    assert torch.equal(tensors[name], again), name
print(
    json.dumps(
        {
            name: {
                "dtype": str(t.dtype).removeprefix("torch."),
                "shape": list(t.shape),
                "values": t.double().flatten().tolist(),
            }
            for name, t in tensors.items()
        }
    )
)
