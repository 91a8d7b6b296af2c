"""The decoder of DeepLab-v3+ in plain PyTorch: the oracle of deeplab-v3plus.test.ts.

usage: deeplab_v3plus.py GIVEN ANSWER LOW AUX MAIN CHANNELS LOW_CHANNELS CLASSES RATES (see oracle.py); inputs are the
feature maps in the order of their channels LOW, AUX, MAIN.
"""

import torch
import torch.nn.functional as F
from torch import nn

from oracle import answer


def normed(inputs, outputs, kernel, dilation=1, groups=1):
    padding = dilation * (kernel - 1) // 2
    convolution = nn.Conv2d(inputs, outputs, kernel, 1, padding, dilation, groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())


class Separable(nn.Module):
    def __init__(self, inputs, outputs, dilation=1):
        super().__init__()
        self.depthwise = normed(inputs, inputs, 3, dilation, inputs)
        self.pointwise = normed(inputs, outputs, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Pyramid(nn.Module):
    def __init__(self, inputs, channels, rates):
        super().__init__()
        self.point = normed(inputs, channels, 1)
        self.atrous = nn.ModuleList(Separable(inputs, channels, rate) for rate in rates)
        self.pool = nn.Sequential(nn.Conv2d(inputs, channels, 1), nn.Conv2d(channels, channels, 1))
        project = nn.Conv2d((len(rates) + 1) * channels, channels, 1, bias=False)
        self.project = nn.Sequential(project, nn.BatchNorm2d(channels))

    def forward(self, x):
        seen = torch.cat([self.point(x)] + [branch(x) for branch in self.atrous], 1)
        pooled = self.pool[1](F.relu(self.pool[0](F.adaptive_avg_pool2d(x, 1))))
        return F.relu(self.project(seen) + pooled)


class Classifier(nn.Sequential):
    """One separable convolution, and the classifier by its name."""

    def __init__(self, inputs, channels, classes):
        super().__init__(Separable(inputs, channels))
        self.classifier = nn.Conv2d(channels, classes, 1)


class Decoder(nn.Module):
    def __init__(self, low, main, channels, low_channels, classes, rates):
        super().__init__()
        self.pyramid = Pyramid(main, channels, rates)
        self.low = normed(low, low_channels, 1)
        fuse = [Separable(channels + low_channels, channels), Separable(channels, channels)]
        self.fuse = nn.Sequential(*fuse)
        self.classifier = nn.Conv2d(channels, classes, 1)

    def forward(self, low, main):
        features, low = self.pyramid(main), self.low(low)
        x = F.interpolate(features, size=low.shape[2:], mode="bilinear", align_corners=True)
        return {"main": self.classifier(self.fuse(torch.cat([x, low], 1))), "features": features}


class DeepLabV3Plus(nn.Module):
    def __init__(self, low, aux, main, channels, low_channels, classes, rates):
        super().__init__()
        low, aux, main, channels, low_channels, classes = map(int, (low, aux, main, channels, low_channels, classes))
        self.auxiliary = Classifier(aux, channels, classes)
        rates = [int(rate) for rate in rates.split(",")]
        self.decoder = Decoder(low, main, channels, low_channels, classes, rates)

    def forward(self, low, aux, main):
        return {"aux": self.auxiliary(aux), **self.decoder(low, main)}


answer(DeepLabV3Plus)
