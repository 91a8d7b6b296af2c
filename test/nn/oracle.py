"""Optimisers, clipping and schedules by PyTorch's own. Reads a case as JSON, writes what PyTorch gives."""
import json
import sys

import torch


def adamw(case):
    """Weights after every step; a gradient of null is one that no loss reaches."""
    parameters = [torch.tensor(values, requires_grad=True) for values in case["parameters"]]
    groups = [
        {
            "params": [parameter],
            "lr": multiple,
            "weight_decay": case["weightDecay"] if parameter.dim() > 1 else 0,
        }
        for parameter, multiple in zip(parameters, case["multiples"])
    ]
    optimizer = torch.optim.AdamW(groups, betas=case["betas"], eps=case["eps"])
    weights = []
    for rate, gradients in zip(case["rates"], case["gradients"]):
        for group, multiple in zip(optimizer.param_groups, case["multiples"]):
            group["lr"] = rate * multiple
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = None if gradient is None else torch.tensor(gradient)
        optimizer.step()
        weights.append([parameter.tolist() for parameter in parameters])
    return weights


case = json.load(sys.stdin)
json.dump({"adamw": adamw}[case["what"]](case), sys.stdout)
