"""Inputs and parameters of the golden vectors, made from their names; `golden.js` makes the same."""

import math

import numpy as np


def fnv1a32(name):
    """The 32-bit FNV-1a hash of a name's UTF-8 bytes."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def u(name, count):
    """`count` numbers in [-1, 1), float64: mulberry32 seeded with the hash of `name`."""
    draws = np.arange(1, count + 1, dtype=np.uint64)
    state = ((fnv1a32(name) + draws * 0x6D2B79F5) & 0xFFFFFFFF).astype(np.uint32)
    t = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
    t ^= t + (t ^ (t >> np.uint32(7))) * (t | np.uint32(61))
    return 2 * ((t ^ (t >> np.uint32(14))) / 2.0**32) - 1


def parameter(name, shape):
    """The float32 value of a parameter by its state-dict name, or None for a counter of batches."""
    if name.endswith("num_batches_tracked"):
        return None
    if len(shape) == 4:
        offset, factor = 0, math.sqrt(3 / math.prod(shape[1:])) * math.sqrt(2)
    elif len(shape) == 2:
        offset, factor = 0, math.sqrt(3 / shape[1])
    elif name.endswith("running_var"):
        offset, factor = 1, 0.2
    elif name.endswith("weight"):
        offset, factor = 1, 0.1
    else:
        offset, factor = 0, 0.1
    return _float32(offset + factor * u(name, math.prod(shape)), shape)


def image():
    """The network's input [1, 3, 65, 97], float32 within +-100."""
    return _float32(u("input/image", 3 * 65 * 97) * 100, (1, 3, 65, 97))


def label():
    """The label map of the image [1, 65, 97], int64: 0..18, 255 is ignored."""
    ids = np.floor(21 * (u("input/label", 65 * 97) + 1) / 2).astype(np.int64)
    return np.where(ids >= 19, 255, ids).reshape(1, 65, 97)


def content():
    """The picture that is restyled [1, 3, 64, 80], float32 in [0, 1)."""
    return _float32((u("style/content", 3 * 64 * 80) + 1) / 2, (1, 3, 64, 80))


def style():
    """The picture whose style it gets [1, 3, 64, 80], float32 in [0.2, 0.8)."""
    return _float32(0.6 * (u("style/style", 3 * 64 * 80) + 1) / 2 + 0.2, (1, 3, 64, 80))


def _float32(values, shape):
    return values.astype(np.float32).reshape(shape)
