"""One CFContra training step in plain PyTorch, for `npm run bench`.

Follows the published code: modules, cross-entropy at input resolution, one backward for the graphs of
both domains. It is not slowed down: prototypes are compared in one matrix product, and images are in
memory. Prints one JSON line.
"""
import argparse
import json
import resource
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

CLASSES, DIM, TEMPERATURE, THRESHOLD = 19, 2048, 0.07, 0.05


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride=1, dilation=1, shortcut=None):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, stride=stride, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = shortcut

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.shortcut is None else self.shortcut(x)))


def stage(inputs, width, blocks, stride=1, dilation=1):
    shortcut = nn.Sequential(
        nn.Conv2d(inputs, width * 4, 1, stride=stride, bias=False), nn.BatchNorm2d(width * 4)
    )
    first = Bottleneck(inputs, width, stride, dilation, shortcut)
    rest = [Bottleneck(width * 4, width, 1, dilation) for _ in range(blocks - 1)]
    return nn.Sequential(first, *rest)


class Pyramid(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(inputs, CLASSES, 3, padding=d, dilation=d) for d in (6, 12, 18, 24)
        )

    def forward(self, x):
        return sum(conv(x) for conv in self.convs)


class DeepLab(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        )
        self.layer1 = stage(64, 64, 3)
        self.layer2 = stage(256, 128, 4, stride=2)
        self.layer3 = stage(512, 256, 23, dilation=2)
        self.layer4 = stage(1024, 512, 3, dilation=4)
        self.aux = Pyramid(1024)
        self.main = Pyramid(2048)
        self.project = nn.Sequential(
            nn.Linear(DIM, DIM), nn.ReLU(inplace=True), nn.Linear(DIM, DIM)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0, 0.01)
            if isinstance(module, nn.BatchNorm2d):
                module.weight.requires_grad = module.bias.requires_grad = False

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.stem(x))))
        features = self.layer4(x)
        pixels = features.permute(0, 2, 3, 1).reshape(-1, DIM)
        return self.aux(x), self.main(features), self.project(pixels)


def cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels, ignore_index=255)


def entropy(logits):
    p = F.softmax(logits, dim=1)
    return -(p * torch.log2(p + 1e-30)).sum(1).mean() / torch.log2(torch.tensor(float(CLASSES)))


def contrast(features, labels, bank):
    similarity = F.normalize(features, dim=1) @ bank.t() / TEMPERATURE
    return F.cross_entropy(similarity, labels, ignore_index=255)


def pseudo_labels(features, bank):
    with torch.no_grad():
        distances = torch.cdist(F.normalize(features, dim=1), bank)
        two, nearest = distances.topk(2, dim=1, largest=False)
        labels = nearest[:, 0].clone()
        labels[two[:, 1] - two[:, 0] < THRESHOLD] = 255
        return labels


def update(bank, features, labels):
    with torch.no_grad():
        for k in range(CLASSES):
            mask = labels == k
            if mask.any():
                mean = F.normalize(features[mask].mean(0), dim=0)
                bank[k] = F.normalize(0.9 * bank[k] + 0.1 * mean, dim=0)


def sgd(model):
    """The optimiser of a training: heads have ten times the backbone's rate."""
    heads = [*model.aux.parameters(), *model.main.parameters(), *model.project.parameters()]
    known = {id(p) for p in heads}
    backbone = [p for p in model.parameters() if p.requires_grad and id(p) not in known]
    return torch.optim.SGD(
        [{"params": backbone}, {"params": heads, "lr": 2.5e-3}],
        lr=2.5e-4,
        momentum=0.9,
        weight_decay=5e-4,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--height", type=int, default=160)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    size = (args.height, args.width)
    model = DeepLab().train()
    optimizer = sgd(model)
    banks = [F.normalize(torch.randn(CLASSES, DIM), dim=1) for _ in range(2)]
    source, target = torch.randn(1, 3, *size) * 60, torch.randn(1, 3, *size) * 60
    labels = torch.randint(0, CLASSES, (1, *size))
    up = lambda x: F.interpolate(x, size=size, mode="bilinear", align_corners=True)

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bfloat16):
            aux, predicted, features = model(source)
            aux_t, predicted_t, features_t = model(target)
        features, features_t = features.float(), features_t.float()
        small = F.interpolate(labels[None].float(), size=predicted.shape[2:]).long().reshape(-1)
        guessed = pseudo_labels(features_t, banks[0])
        loss = cross_entropy(up(predicted.float()), labels)
        loss = loss + 0.1 * cross_entropy(up(aux.float()), labels)
        loss = loss + 0.001 * entropy(up(predicted_t.float()))
        loss = loss + 0.0002 * entropy(up(aux_t.float()))
        loss = loss + 0.001 * (
            contrast(features, small, banks[0])
            + contrast(features_t, guessed, banks[1])
            + contrast(features_t, guessed, banks[0])
            + contrast(features, small, banks[1])
        )
        loss.backward()
        optimizer.step()
        update(banks[0], features, small)
        update(banks[1], features_t, guessed)
        return loss.item()

    seconds, cpu = [], []
    for i in range(args.steps + 1):  # the first is a warm-up
        began, used = time.perf_counter(), time.process_time()
        step()
        if i > 0:
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report = {"seconds": statistics.median(seconds), "all": seconds, "peakMiB": peak}
    report = {**report, "cpuSeconds": statistics.median(cpu), "version": torch.__version__}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
