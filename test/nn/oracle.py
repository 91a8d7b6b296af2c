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


def schedule(case):
    """Rates at steps 0, 1, ...: a linear warm-up and polynomial decay, multiplied."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=case["rate"])
    schedulers = torch.optim.lr_scheduler
    both = schedulers.ChainedScheduler(
        [
            schedulers.LinearLR(optimizer, start_factor=1e-6, total_iters=case["warmup"]),
            schedulers.PolynomialLR(optimizer, total_iters=case["total"], power=0.9),
        ]
    )
    rates = []
    for _ in range(case["steps"]):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        both.step()
    return rates


case = json.load(sys.stdin)
json.dump({"adamw": adamw, "schedule": schedule}[case["what"]](case), sys.stdout)
