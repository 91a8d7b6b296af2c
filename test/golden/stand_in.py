"""What record.py calls, in plain PyTorch of our own: with it the recorder runs where no reference is.

Both references at once: the names that record.py looks up for CFContra, and pytorch-AdaIN's `net` and
`function`. record.test.ts hands it over and compares what is written with the recordings.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

IGNORE = 255


# DeepLab-v2 ResNet-101, under the reference's parameter names.
class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride=1, dilation=1, first=False):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, stride=stride, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        if first:
            shortcut = nn.Conv2d(inputs, 4 * width, 1, stride=stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return F.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


def stage(inputs, width, blocks, stride=1, dilation=1):
    rest = [Bottleneck(4 * width, width, 1, dilation) for _ in range(blocks - 1)]
    return nn.Sequential(Bottleneck(inputs, width, stride, dilation, first=True), *rest)


class Classifier(nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        rates = (6, 12, 18, 24)
        convs = [nn.Conv2d(inputs, classes, 3, padding=r, dilation=r) for r in rates]
        self.conv2d_list = nn.ModuleList(convs)

    def forward(self, x):
        return sum(conv(x) for conv in self.conv2d_list)


class Network(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = stage(64, 64, 3)
        self.layer2 = stage(256, 128, 4, stride=2)
        self.layer3 = stage(512, 256, 23, dilation=2)
        self.layer4 = stage(1024, 512, 3, dilation=4)
        self.layer5 = Classifier(1024, classes)
        self.layer6 = Classifier(2048, classes)
        self.head = nn.Sequential(nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 2048))
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.requires_grad_(False)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer1(F.max_pool2d(x, 3, stride=2, padding=1, ceil_mode=True))
        x = self.layer3(self.layer2(x))
        y = self.layer4(x)
        features = self.head(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.layer5(x), self.layer6(y), features

    def optim_parameters(self, rate):
        """Backbone weights once for every module that holds them: oddity 1 of docs/fidelity.md."""
        parts = (self.conv1, self.layer1, self.layer2, self.layer3, self.layer4)
        modules = [module for part in parts for module in part.modules()]
        backbone = [p for m in modules for p in m.parameters() if p.requires_grad]
        heads = [*self.layer5.parameters(), *self.layer6.parameters()]
        return [{"params": backbone, "lr": rate}, {"params": heads, "lr": 10 * rate}]


def network(num_classes, multi_level, head):
    assert multi_level and head == "moco"
    return Network(num_classes)


def cross_entropy(logits, labels, device):
    return F.cross_entropy(logits, labels.to(device), ignore_index=IGNORE)


def entropy(p):
    bits = -(p * torch.log2(p + 1e-30)).sum(1).mean()
    return bits / torch.log2(torch.tensor(float(p.shape[1])))


# Fine alignment. Features [1, D, h, w], labels [1, 1, h, w], banks [C, D].
def pixels(features):
    return features[0].flatten(1).t()


def pseudo_labels(features, memory, threshold):
    near, ids = torch.cdist(pixels(features), memory).topk(2, dim=1, largest=False)
    sure = near[:, 1] - near[:, 0] >= threshold
    return torch.where(sure, ids[:, 0], IGNORE).reshape(1, 1, *features.shape[2:])


def class_means(features, labels, classes):
    rows, ids = pixels(features), labels.flatten()
    sums = torch.stack([rows[ids == k].sum(0) for k in range(classes)])
    return F.normalize(sums, dim=1)


def contrast(features, labels, memory, temperature):
    """With the smoothing of the reference's softmax: oddity 6 of docs/fidelity.md."""
    logits = F.normalize(pixels(features), dim=1) @ memory.t() / temperature
    exponentials = (logits - logits.mean().detach()).exp()
    share = exponentials / (exponentials.sum(1, keepdim=True) + 1e-6)
    ids = labels.flatten()
    kept = ids != IGNORE
    return -(share[kept, ids[kept]] + 1e-6).log().mean()


def updated(memory, means, momentum):
    seen = means.norm(dim=1, keepdim=True) > 0
    blend = F.normalize(momentum * memory + (1 - momentum) * means, dim=1)
    return torch.where(seen, blend, memory)


# AdaIN.
def conv(inputs, outputs):
    return [nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3), nn.ReLU()]


def pool():
    return nn.MaxPool2d(2, ceil_mode=True)


def up():
    return nn.Upsample(scale_factor=2, mode="nearest")


vgg = nn.Sequential(
    *(nn.Conv2d(3, 3, 1), *conv(3, 64), *conv(64, 64), pool()),
    *(*conv(64, 128), *conv(128, 128), pool()),
    *(*conv(128, 256), *conv(256, 256), *conv(256, 256), *conv(256, 256), pool()),
    *(*conv(256, 512), *conv(512, 512)),  # the published one continues to relu5_4
)
decoder = nn.Sequential(
    *(*conv(512, 256), up(), *conv(256, 256), *conv(256, 256), *conv(256, 256), *conv(256, 128)),
    *(up(), *conv(128, 128), *conv(128, 64), up(), *conv(64, 64), *conv(64, 3)[:2]),
)


def mean_and_deviation(x):
    flat = x.flatten(2)
    return flat.mean(2)[..., None, None], (flat.var(2) + 1e-5).sqrt()[..., None, None]


def adaptive_instance_normalization(own, other):
    (m, s), (mean, deviation) = mean_and_deviation(own), mean_and_deviation(other)
    return (own - m) / s * deviation + mean


def coral(source, target):
    """`source` [3, H, W] with the mean, deviation and correlation of `target`'s channels."""

    def whitened(x):
        flat = x.flatten(1)
        mean, deviation = flat.mean(1, keepdim=True), flat.std(1, keepdim=True)
        normal = (flat - mean) / deviation
        size, basis = torch.linalg.eigh(normal @ normal.t() + torch.eye(3))
        return normal, basis @ size.sqrt().diag() @ basis.t(), mean, deviation

    normal, root, _, _ = whitened(source)
    _, other, mean, deviation = whitened(target)
    moved = other @ torch.linalg.inv(root) @ normal
    return (moved * deviation + mean).reshape(source.shape)


class Net(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder.requires_grad_(False), decoder

    def layers(self, x):
        """relu1_1, relu2_1, relu3_1, relu4_1."""
        for i, layer in enumerate(self.encoder):
            x = layer(x)
            if i in (3, 10, 17, 30):
                yield x

    def encode(self, x):
        return list(self.layers(x))[-1]

    def forward(self, content, style):
        styles = list(self.layers(style))
        wanted = adaptive_instance_normalization(self.encode(content), styles[-1])
        found = list(self.layers(self.decoder(wanted)))
        pairs = [zip(mean_and_deviation(a), mean_and_deviation(b)) for a, b in zip(found, styles)]
        style_loss = sum(F.mse_loss(a, b) for pair in pairs for a, b in pair)
        return F.mse_loss(found[-1], wanted), style_loss
