"""Ask a trained network about a picture: its classes, the likeliest first, with their probabilities.

The picture is a PNG (or another format that Pillow reads), scaled and cropped to 32 x 32 where it has another size, or
an NPY file of shape (3, 32, 32). The checkpoint is one of `tinygrad-edu train`, or weights of PyTorch's tutorial
network, saved by safetensors.
"""

from __future__ import annotations

import argparse
import json

from tinygrad_edu.checkpoint import load, read_metadata
from tinygrad_edu.cli.devices import add_device_option, choose_device
from tinygrad_edu.cli.picture import percent
from tinygrad_edu.datasets import read_image
from tinygrad_edu.engine import no_grad
from tinygrad_edu.models import ReferenceCNN
from tinygrad_edu.tensors.creation import tensor

BAR = 30  # characters for 100 %


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `tinygrad-edu predict`."""
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a file written by tinygrad-edu train")
    parser.add_argument("image", metavar="IMAGE", help="a picture: PNG or NPY")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_device_option(parser)


def run(options: argparse.Namespace) -> int:
    """Print the probability of each class."""
    place = choose_device(options.device)
    model, classes = load_model(options.checkpoint)
    model.to(place).eval()
    picture = tensor(read_image(options.image)[None], device=place)
    with no_grad():
        probabilities = model(picture).softmax(1)[0].tolist()
    answers = sorted(zip(classes, probabilities, strict=True), key=lambda answer: -answer[1])
    if options.json:
        found = [{"class": name, "probability": probability} for name, probability in answers]
        print(json.dumps({"image": options.image, "checkpoint": options.checkpoint, "answers": found}, indent=2))
        return 0
    width = max(len(name) for name in classes)
    for name, probability in answers:
        print(f"{name:<{width}}  {percent(probability):>7}  {'█' * round(BAR * probability)}".rstrip())
    return 0


def load_model(path: str) -> tuple[ReferenceCNN, list[str]]:
    """The network in a checkpoint, and the names of its classes (their numbers, if the file does not name them)."""
    weights, about = load(path), read_metadata(path)
    last = weights.get("fc3.bias")
    if last is None:
        raise ValueError(f"{path} is not of a ReferenceCNN: wanted weights such as fc3.bias, got {', '.join(weights)}")
    classes = about.get("classes") or [str(number) for number in range(last.numel())]
    model = ReferenceCNN(classes=len(classes))
    try:
        model.load_state_dict(weights)
    except ValueError as error:
        raise ValueError(f"{path} does not fit a ReferenceCNN: {error}") from error
    return model, classes
