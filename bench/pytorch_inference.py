"""Prediction of DeepLab-v2 ResNet-101 in plain PyTorch, for `npm run bench -- inference`.

Evaluation mode without gradients: network, upsampling of the main head's logits, most probable class.
Prints one JSON line.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F

from pytorch_step import DeepLab


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--height", type=int, default=512)
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(args.threads)
    model = DeepLab().eval()
    image = torch.randn(1, 3, args.height, args.width) * 60

    @torch.no_grad()
    def predict():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.bfloat16):
            x = model.layer3(model.layer2(model.layer1(model.stem(image))))
            logits = model.main(model.layer4(x)).float()
        size = (args.height, args.width)
        full = F.interpolate(logits, size=size, mode="bilinear", align_corners=True)
        return full.argmax(1).to(torch.uint8)

    seconds, processor = [], []
    for i in range(args.images + 1):  # the first is a warm-up
        began, used = time.perf_counter(), time.process_time()
        predict()
        if i > 0:
            seconds.append(time.perf_counter() - began)
            processor.append(time.process_time() - used)
    median = statistics.median
    report = {"seconds": median(seconds), "processorSeconds": median(processor), "all": seconds}
    print(json.dumps({**report, "version": torch.__version__}))


main()
