"""ResNet v1.5, of bottlenecks, in plain PyTorch with torchvision's names: the oracle of resnet.test.ts.

usage: resnet_v15.py GIVEN ANSWER BLOCKS BASE OUTPUT_STRIDE (see oracle.py), e.g. 3,4,6,3 64 8
"""

import torch.nn.functional as F
from torch import nn

from oracle import answer


class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride, dilation, projects):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        if projects:
            convolution = nn.Conv2d(inputs, 4 * planes, 1, stride, bias=False)
            self.downsample = nn.Sequential(convolution, nn.BatchNorm2d(4 * planes))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet(nn.Module):
    def __init__(self, blocks, base, output_stride):
        super().__init__()
        base, output_stride = int(base), int(output_stride)
        self.conv1 = nn.Conv2d(3, base, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        inputs, reached, dilation = base, 4, 1
        for stage, count in enumerate(map(int, blocks.split(","))):
            wanted = 1 if stage == 0 else 2
            stride = wanted if reached * wanted <= output_stride else 1
            planes = base * 2**stage
            layers = []
            for i in range(count):
                layers.append(Bottleneck(inputs, planes, stride if i == 0 else 1, dilation, i == 0))
                inputs = 4 * planes
                if i == 0:  # torchvision's `replace_stride_with_dilation` begins after the block
                    dilation *= wanted // stride
            reached *= stride
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        low = self.layer1(x)
        aux = self.layer3(self.layer2(low))
        return {"low": low, "aux": aux, "main": self.layer4(aux)}


answer(ResNet)
