"""Computes the scores of random maps with numpy, from their definitions. Reads and writes JSON."""
import json
import sys

import numpy as np

IGNORE = 255


def confusion(label, guess, classes):
    matrix = np.zeros((classes, classes))
    for truth, claim in zip(label.ravel(), guess.ravel()):
        if truth != IGNORE:
            matrix[truth, claim] += 1
    return matrix


def eroded(mask, reach):
    padded = np.pad(mask, reach)
    height, width = mask.shape
    windows = [
        padded[dy : dy + height, dx : dx + width]
        for dy in range(2 * reach + 1)
        for dx in range(2 * reach + 1)
    ]
    return np.logical_and.reduce(windows)


def boundary(maps, classes, ratio):
    both, either = np.zeros(classes), np.zeros(classes)
    for label, guess in maps:
        reach = max(1, round(ratio * np.hypot(*label.shape)))
        guess = np.where(label == IGNORE, IGNORE, guess)
        for k in range(classes):
            edges = [(m == k) & ~eroded(m == k, reach) for m in (label, guess)]
            both[k] += np.sum(edges[0] & edges[1])
            either[k] += np.sum(edges[0] | edges[1])
    return both / either


def calibration(labels, guesses, confidence, bins=15):
    keep = labels != IGNORE
    right, confidence = (labels == guesses)[keep], confidence[keep]
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for lower, upper in zip(edges[:-1], edges[1:]):
        inside = (confidence > lower) & (confidence <= upper)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    sure = confidence >= 0.9
    return {"error": error, "coverage": sure.mean(), "accuracy": right[sure].mean()}


case = json.load(sys.stdin)
classes = case["classes"]
labels, guesses = np.array(case["labels"]), np.array(case["guesses"])
confidences = np.array(case["confidences"], dtype=np.float32).astype(np.float64)
m = sum(confusion(a, b, classes) for a, b in zip(labels, guesses))
hit, truth, claim = np.diag(m), m.sum(1), m.sum(0)
iou = hit / (truth + claim - hit)
edges = boundary(zip(labels, guesses), classes, case["dilation"])
json.dump(
    {
        "iou": iou.tolist(),
        "miou": iou[truth > 0].mean(),
        "accuracy": hit.sum() / m.sum(),
        "meanAccuracy": (hit[truth > 0] / truth[truth > 0]).mean(),
        "frequencyWeighted": (iou * truth / truth.sum()).sum(),
        "subset": iou[case["subset"]].mean(),
        "boundary": edges.tolist(),
        "boundaryMean": edges[truth > 0].mean(),
        "calibration": calibration(labels, guesses, confidences),
    },
    sys.stdout,
)
