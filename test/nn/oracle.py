"""Optimisers, clipping and schedules of PyTorch. Reads cases as JSON, and writes PyTorch's results."""
import json
import sys

import torch


def parameters_of(case):
    return [torch.tensor(values, dtype=torch.float32, requires_grad=True) for values in case["parameters"]]


def give(parameters, gradients):
    """One gradient per parameter; null for a parameter without a gradient."""
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = None if gradient is None else torch.tensor(gradient, dtype=torch.float32)


def adamw(case):
    """Weights after every step."""
    parameters = parameters_of(case)
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
        give(parameters, gradients)
        optimizer.step()
        weights.append([parameter.tolist() for parameter in parameters])
    return weights


def clip(case):
    """Norms before clipping, and weights, after every step of SGD by clipped gradients."""
    parameters = parameters_of(case)
    optimizer = torch.optim.SGD(parameters, lr=case["rate"], momentum=0.9, weight_decay=0.01)
    norms, weights = [], []
    for gradients in case["gradients"]:
        give(parameters, gradients)
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, case["most"]).item())
        optimizer.step()
        weights.append([parameter.tolist() for parameter in parameters])
    return {"norms": norms, "weights": weights}


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


question = json.load(sys.stdin)
answer = {"adamw": adamw, "clip": clip, "schedule": schedule}[question["what"]]
json.dump([answer(case) for case in question["cases"]], sys.stdout)
