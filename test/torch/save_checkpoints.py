"""Writes valid and invalid files of PyTorch, and the contents of the valid ones as JSON: for pytorch.test.ts.

usage: save_checkpoints.py FOLDER
"""

import collections
import json
import os
import pickle
import struct
import sys
import zipfile

import torch

folder = sys.argv[1]
torch.manual_seed(0)


def save(name, value, **options):
    for layout, zipped in (("zip", True), ("legacy", False)):
        path = os.path.join(folder, f"{name}-{layout}.pth")
        torch.save(value, path, _use_new_zipfile_serialization=zipped, **options)


def facts(tensors):
    return {
        name: {
            "dtype": str(t.dtype).removeprefix("torch."),
            "shape": list(t.shape),
            "values": t.detach().double().flatten().tolist(),
        }
        for name, t in tensors.items()
    }


def flat(value, path=""):
    found = {}
    for key, inner in value.items():
        name = f"{path}.{key}" if path else str(key)
        if isinstance(inner, torch.Tensor):
            found[name] = inner
        elif isinstance(inner, dict) and not str(key).startswith("optim"):
            found.update(flat(inner, name))
    return found


dtypes = [
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
]
base = torch.randn(4, 5, 6)
net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2)
)
adam = torch.optim.Adam(net.parameters())
net(torch.randn(2, 3, 3, 6)).sum().backward()
adam.step()

good = {
    "dtypes": {str(d).removeprefix("torch."): (torch.randn(3, 2) * 50).to(d) for d in dtypes},
    "views": {
        "transposed": base.permute(2, 0, 1),
        "stepped": base[1::2, :, ::3],
        "expanded": torch.randn(1, 3).expand(4, 3),
        "selected": base[2, 3],
        "channels_last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 3),
    },
    "shared": {"whole": base, "part": base[1], "again": base},
    "module": net.state_dict(),
    "parameter": {"w": torch.nn.Parameter(torch.randn(2, 3)), "size": torch.Size([1, 2])},
    "nested": {
        "model": net.state_dict(),
        "optimizer": adam.state_dict(),
        "epoch": 3,
        "lr": 1e-3,
        "best": -(2**40),
        "name": "größe",
        "flags": [True, None, (1, 2)],
        "device": torch.device("cpu"),
        "kind": torch.float32,
        "milestones": collections.Counter([1, 2]),
    },
}
with open(os.path.join(folder, "good.json"), "w") as file:
    json.dump({name: facts(flat(value)) for name, value in good.items()}, file)
for name, value in good.items():
    save(name, value)
save("protocol4", good["nested"], pickle_protocol=4)


class Does:
    """Unpickling it calls a function with arguments."""

    def __init__(self, function, *args):
        self.what = (function, args)

    def __reduce__(self):
        return self.what


canary = os.path.join(folder, "canary")
save("system", {"w": torch.ones(2), "x": Does(os.system, f"touch {canary}")})
save("eval", {"x": Does(eval, f"open({canary!r}, 'w')")})
save("whole-module", net)
save("mapping", {"w": torch.ones(2), "x": collections.ChainMap({})})
save("no-tensors", {"epoch": 3})
save("complex", {"w": torch.ones(2, dtype=torch.complex64)})


def archive(name, value, storages, compression=zipfile.ZIP_STORED, records=()):
    """A zip-layout file of a raw pickle and raw storages."""
    with zipfile.ZipFile(os.path.join(folder, name), "w", compression) as out:
        out.writestr("archive/data.pkl", value)
        for key, data in storages.items():
            out.writestr(f"archive/data/{key}", data)
        for record, data in records:
            out.writestr(record, data)


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def integer(value):
    return pickle.dumps(value, 2)[2:-1]


def numbers(values):
    return b"(" + b"".join(map(integer, values)) + b"t"


def tensor(count, offset, shape, strides, key="0", kind="FloatStorage"):
    storage = b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu")
    storage += integer(count) + b"tQ"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + integer(offset)
        + numbers(shape)
        + numbers(strides)
        + b"\x89NtR"
    )


def state(*tensors):
    items = b"".join(text(f"w{i}") + t for i, t in enumerate(tensors))
    return b"\x80\x02}(" + items + b"u."


four = struct.pack("<4f", 1, 2, 3, 4)
one = tensor(4, 0, [2, 2], [2, 1])
archive("deflated.pth", state(one), {"0": four}, zipfile.ZIP_DEFLATED)
archive("negative-stride.pth", state(tensor(4, 3, [4], [-1])), {"0": four})
archive("beyond.pth", state(tensor(4, 1, [2, 2], [2, 1])), {"0": four})
archive("negative-offset.pth", state(tensor(4, -1, [2], [1])), {"0": four})
archive("negative-size.pth", state(tensor(4, 0, [-2], [1])), {"0": four})
archive("absurd-shape.pth", state(tensor(4, 0, [2**40, 2**40], [0, 0])), {"0": four})
archive("absurd-size.pth", state(tensor(4, 0, [2**70], [0])), {"0": four})
archive("expanded.pth", state(tensor(4, 0, [2**32], [0])), {"0": four})
archive("claims-more.pth", state(tensor(2**40, 0, [2], [1])), {"0": four})
archive("missing-storage.pth", state(one), {"1": four})
archive("two-types.pth", state(one, tensor(4, 0, [2], [1], kind="LongStorage")), {"0": four})
archive("two-sizes.pth", state(one, tensor(3, 0, [2], [1])), {"0": four})
archive("twice.pth", state(one), {"0": four}, records=[("archive/data/0", four)])
archive("big-endian.pth", state(one), {"0": four}, records=[("archive/byteorder", "big")])
archive("script.pth", state(one), {"0": four}, records=[("archive/constants.pkl", b"N.")])
archive("no-pickle.pth", b"", {})
zeros = bytes(2**28)
archive("bomb-pickle.pth", zeros, {}, zipfile.ZIP_DEFLATED)
archive("bomb-storage.pth", state(tensor(2**26, 0, [2**26], [1])), {"0": zeros}, zipfile.ZIP_DEFLATED)
archive("stack-underflow.pth", b"\x80\x020.", {})
archive("no-mark.pth", b"\x80\x02t.", {})
archive("no-memo.pth", b"\x80\x02h\x07.", {})
archive("opcode.pth", b"\x80\x02(cos\nsystem\no.", {})
archive("build.pth", b"\x80\x02ctorch\nFloatStorage\n)R.", {})
archive("inst.pth", b"\x80\x02(ios\nsystem\n.", {})
archive("stack-global.pth", b"\x80\x04\x8c\x02os\x8c\x06system\x93.", {})
archive("huge-string.pth", b"\x80\x02X\xff\xff\xff\xffabc.", {})
archive("huge-long.pth", b"\x80\x02\x8b\xff\xff\xff\x7f.", {})
archive("long-integer.pth", b"\x80\x02\x8b\x00\x10\x00\x00" + bytes(4096) + b".", {})
archive("circle.pth", b"\x80\x02}q\x00" + text("self") + b"h\x00s.", {})
names = b"\x80\x02" + (b"}" + text("n" * 200)) * 10 + one + b"s" * 10 + b"."
archive("names.pth", names, {"0": four})
archive("deep.pth", b"\x80\x02" + b"]" * 3000 + b"a" * 2999 + b".", {})
# Each list contains the previous one ten times.
laughs = b"\x80\x02]q\x00" + b"".join(
    b"](" + (b"h" + bytes([i])) * 10 + b"eq" + bytes([i + 1]) for i in range(30)
)
archive("laughs.pth", laughs + b".", {})
many = state(*[tensor(2**22, 0, [2**22], [1])] * 200)
archive("aliases.pth", many, {"0": bytes(2**24)})

whole = open(os.path.join(folder, "module-zip.pth"), "rb").read()
old = open(os.path.join(folder, "module-legacy.pth"), "rb").read()
for name, content in {
    "truncated-zip.pth": whole[: len(whole) // 2],
    "truncated-legacy.pth": old[: len(old) - 20],
    "truncated-pickle.pth": old[:120],
    "empty.pth": b"",
    "text.pth": b"<html>404 Not Found</html>" * 10,
    "tarball.pth.tar": b"./0000644" * 100,
}.items():
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)

# Two entries of a zip directory that share their bytes.
archive("plain-long.pth", state(tensor(1000, 0, [2], [1])), {"0": bytes(4000)})
with open(os.path.join(folder, "plain-long.pth"), "rb") as file:
    plain = file.read()
start = plain.index(b"PK\x01\x02")
end = plain.index(b"PK\x05\x06")
entries, tail = plain[start:end], bytearray(plain[end:])
second = entries[entries.index(b"PK\x01\x02", 4) :]
copies = b"".join(second.replace(b"data/0", b"data/%c" % (65 + i)) for i in range(50))
struct.pack_into("<HHI", tail, 8, 52, 52, len(entries) + len(copies))
with open(os.path.join(folder, "overlapping.pth"), "wb") as file:
    file.write(plain[:start] + entries + copies + bytes(tail))

# As Python 2 wrote them: byte strings for names, an ordered dictionary of a list of pairs, and a
# storage that is a part of another one.
def old_style():
    def short(value):
        return b"U" + bytes([len(value)]) + value.encode()

    part = b"(" + short("view") + integer(2) + integer(2) + b"t"
    storage = b"(" + short("storage") + b"ctorch\nFloatStorage\n" + short("k") + short("cuda:0")
    storage += integer(4) + part + b"tQ"
    weight = b"ctorch._utils\n_rebuild_tensor\n(" + storage
    weight += integer(1) + numbers([1]) + numbers([1]) + b"tR"
    pairs = b"](](" + short("Scale.conv1.weight") + weight + b"ee"
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    head += pickle.dumps({"little_endian": True}, 2)
    value = b"\x80\x02ccollections\nOrderedDict\n" + pairs + b"\x85R."
    keys = b"\x80\x02](" + short("k") + b"e."
    return head + value + keys + struct.pack("<q", 4) + four


with open(os.path.join(folder, "python2.pth"), "wb") as file:
    file.write(old_style())
