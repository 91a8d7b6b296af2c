"""MobileNetV2 in plain PyTorch, with torchvision's names: the oracle of mobilenet-v2.test.ts.

usage: mobilenet_v2.py GIVEN ANSWER WIDTH OUTPUT_STRIDE (see oracle.py)
"""

from torch import nn

from oracle import answer


def divisible(value):
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


def normed(inputs, outputs, kernel=3, stride=1, dilation=1, groups=1):
    padding = dilation * (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class Block(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride, dilation, residual):
        super().__init__()
        hidden = inputs * expansion
        self.residual = residual and inputs == outputs
        self.conv = nn.Sequential(
            *([normed(inputs, hidden, 1)] if expansion > 1 else []),
            normed(hidden, hidden, 3, stride, dilation, hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, width, output_stride):
        super().__init__()
        width, output_stride = float(width), int(output_stride)
        inputs, reached, dilation = divisible(32 * width), 2, 1
        layers = [normed(3, inputs, 3, 2)]
        table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
        for expansion, channels, repetitions, first in table:
            for i in range(repetitions):
                wanted = first if i == 0 else 1
                stride = wanted if reached * wanted <= output_stride else 1
                outputs = divisible(channels * width)
                layers.append(Block(inputs, outputs, expansion, stride, dilation, wanted == 1))
                inputs, reached, dilation = outputs, reached * stride, dilation * wanted // stride
        self.features = nn.Sequential(*layers)

    def forward(self, x):
        maps = {}
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in (3, 13, 17):
                maps[{3: "low", 13: "aux", 17: "main"}[i]] = x
        return maps


answer(MobileNetV2)
