"""Colours changed pixel by pixel with Python's colorsys, and images blurred in numpy, by definition."""
import colorsys
import json
import sys

import numpy as np


def grey(r, g, b):
    return 0.299 * r + 0.587 * g + 0.114 * b


def clip(values):
    return np.clip(values, 0, 1)


def recolored(pixels, brightness, contrast, saturation, hue):
    """RGB [3, H, W]."""
    pixels = clip(pixels * brightness)
    mean = grey(*pixels).mean()
    pixels = clip(contrast * pixels + (1 - contrast) * mean)
    pixels = clip(saturation * pixels + (1 - saturation) * grey(*pixels))
    result = np.empty_like(pixels)
    for y, x in np.ndindex(pixels.shape[1:]):
        h, s, v = colorsys.rgb_to_hsv(*pixels[:, y, x])
        result[:, y, x] = colorsys.hsv_to_rgb((h + hue) % 1, s, v)
    return result


def blurred(image, deviation):
    """[C, H, W], by one kernel of two dimensions."""
    radius = int(np.ceil(3 * deviation))
    at = np.arange(-radius, radius + 1)
    kernel = np.exp(-(at[:, None] ** 2 + at[None, :] ** 2) / (2 * deviation**2))
    kernel /= kernel.sum()
    padded = np.pad(image, ((0, 0), (radius, radius), (radius, radius)), mode="reflect")
    result = np.zeros_like(image)
    height, width = image.shape[1:]
    for dy, dx in np.ndindex(kernel.shape):
        result += kernel[dy, dx] * padded[:, dy : dy + height, dx : dx + width]
    return result


case = json.load(sys.stdin)
images = np.array(case["pixels"])
json.dump(
    {
        "recolored": [
            recolored(image, *changes).tolist() for image, changes in zip(images, case["changes"])
        ],
        "blurred": [blurred(images[0], deviation).tolist() for deviation in case["deviations"]],
    },
    sys.stdout,
)
