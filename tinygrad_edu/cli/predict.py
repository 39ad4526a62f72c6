"""Ask a trained network: what a picture shows, how a text goes on, a word turned around, the sum of two numbers.

The checkpoint is one of `tinygrad-edu train`, and what it was trained on decides what can be asked:

    pictures    a PNG (or another format that Pillow reads), scaled and cropped to 32 x 32 where it has another size, or
                an NPY file of shape (3, 32, 32). Also for weights of PyTorch's tutorial network, saved by safetensors
    text        the beginning of a text, "once upon a time", in letters of the story
    adding      two numbers from 0 to 1, "0.25 0.5"; they are hidden in a sequence of others
    reversal    a word of letters a to z
"""

from __future__ import annotations

import argparse
import json

from tinygrad_edu.checkpoint import load, read_metadata
from tinygrad_edu.cli.devices import add_device_option, choose_device
from tinygrad_edu.cli.tasks import task_of


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `tinygrad-edu predict`."""
    add = parser.add_argument
    add("checkpoint", metavar="CHECKPOINT", help="a file written by tinygrad-edu train")
    add("question", metavar="QUESTION", help="a picture's file, the beginning of a text, numbers, or a word")
    add("--json", action="store_true", help="print JSON instead of text")
    add("--length", type=int, default=200, help="for text: how many letters to write (default: 200)")
    add("--temperature", type=float, default=1.0, help="for text: 0 for always the likeliest letter (default: 1)")
    add("--seed", type=int, default=0, help="decides what is drawn at random (default: 0)")
    add_device_option(parser)


def run(options: argparse.Namespace) -> int:
    """Print what the network answers."""
    place = choose_device(options.device)
    weights, about = load(options.checkpoint), read_metadata(options.checkpoint)
    task = task_of(about.get("settings", {}).get("data", "digits"))
    model = task.rebuild(options.checkpoint, weights, about).to(place)
    answer = task.answer(model.eval(), about, options.question, options)
    if options.json:
        print(json.dumps({"checkpoint": options.checkpoint, **answer.facts}, indent=2))
    else:
        print(answer.text)
    return 0
