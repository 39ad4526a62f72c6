"""`tinygrad-edu predict`: the classes of a picture, the likeliest first, as text and as JSON."""

from __future__ import annotations

import json

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn
from tinygrad_edu.checkpoint import save
from tinygrad_edu.cli import main
from tinygrad_edu.datasets import floats_to_bytes
from tinygrad_edu.models import ReferenceCNN

pytest.importorskip("safetensors", reason="the checkpoint's format")

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@pytest.fixture
def picture():
    return numpy.random.default_rng(0).uniform(-1, 1, (3, 32, 32)).astype(numpy.float32)


@pytest.fixture
def asked(tmp_path, picture):
    """(checkpoint, NPY of the picture, probabilities that the model in it gives)"""
    te.manual_seed(0)
    model = ReferenceCNN()
    save(model.state_dict(), tmp_path / "model.safetensors", metadata={"classes": CLASSES})
    numpy.save(tmp_path / "picture.npy", picture)
    with te.no_grad():
        probabilities = model(te.tensor(picture[None])).softmax(1)[0].numpy()
    return tmp_path / "model.safetensors", tmp_path / "picture.npy", probabilities


def test_json(capsys, asked):
    checkpoint, image, probabilities = asked
    assert main(["predict", str(checkpoint), str(image), "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)["answers"]
    assert [answer["class"] for answer in answers] == [CLASSES[i] for i in numpy.argsort(-probabilities)]
    numpy.testing.assert_allclose([answer["probability"] for answer in answers], -numpy.sort(-probabilities), rtol=1e-5)


def test_text_is_sorted_and_in_percent(capsys, asked):
    checkpoint, image, probabilities = asked
    assert main(["predict", str(checkpoint), str(image)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [CLASSES[i] for i in numpy.argsort(-probabilities)]
    assert float(lines[0].split()[1]) == pytest.approx(100 * probabilities.max(), abs=0.05)
    assert "%" in lines[0]
    assert "█" in lines[0]


def test_png_and_npy_of_one_picture_get_one_answer(capsys, tmp_path, asked, picture):
    pillow = pytest.importorskip("PIL.Image", reason="writes the PNG")
    pixels = floats_to_bytes(picture)
    pillow.fromarray(pixels.transpose(1, 2, 0)).save(tmp_path / "picture.png")
    numpy.save(tmp_path / "picture.npy", pixels)
    answers = []
    for name in ("picture.png", "picture.npy"):
        assert main(["predict", str(asked[0]), str(tmp_path / name), "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)["answers"])
    assert answers[0] == answers[1]


def test_weights_without_names_of_classes_get_numbers(capsys, tmp_path, asked):
    save(ReferenceCNN(classes=3).state_dict(), tmp_path / "bare.safetensors")
    assert main(["predict", str(tmp_path / "bare.safetensors"), str(asked[1])]) == 0
    assert sorted(line.split()[0] for line in capsys.readouterr().out.splitlines()) == ["0", "1", "2"]


def test_weights_saved_from_pytorchs_tutorial_network(capsys, tmp_path, asked):
    torch = pytest.importorskip("torch", reason="saves the weights")
    from safetensors.torch import save_file

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = torch.nn.Conv2d(3, 6, 5)
            self.pool = torch.nn.MaxPool2d(2, 2)
            self.conv2 = torch.nn.Conv2d(6, 16, 5)
            self.fc1 = torch.nn.Linear(16 * 5 * 5, 120)
            self.fc2 = torch.nn.Linear(120, 84)
            self.fc3 = torch.nn.Linear(84, 10)

        def forward(self, x):
            x = self.pool(torch.relu(self.conv1(x)))
            x = self.pool(torch.relu(self.conv2(x))).flatten(1)
            return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))

    torch.manual_seed(0)
    net = Net()
    save_file(net.state_dict(), tmp_path / "torch.safetensors")
    assert main(["predict", str(tmp_path / "torch.safetensors"), str(asked[1]), "--json"]) == 0
    answers = json.loads(capsys.readouterr().out)["answers"]
    with torch.no_grad():
        wanted = net(torch.from_numpy(numpy.load(asked[1])[None])).softmax(1)[0].numpy()
    got = {int(answer["class"]): answer["probability"] for answer in answers}
    numpy.testing.assert_allclose([got[i] for i in range(10)], wanted, atol=1e-6)


class TestWhatCannotBeDone:
    def refused(self, capsys, *arguments):
        assert main(["predict", *map(str, arguments)]) == 2
        out, error = capsys.readouterr()
        assert out == ""
        assert error.startswith("tinygrad-edu predict: ")
        assert "Traceback" not in error
        return error

    def test_a_missing_checkpoint(self, capsys, tmp_path, asked):
        assert "there is no checkpoint here" in self.refused(capsys, tmp_path / "none.safetensors", asked[1])

    def test_a_missing_picture(self, capsys, tmp_path, asked):
        assert "none.png" in self.refused(capsys, asked[0], tmp_path / "none.png")

    def test_a_checkpoint_cut_short(self, capsys, asked):
        asked[0].write_bytes(asked[0].read_bytes()[:-4])
        assert "cut short" in self.refused(capsys, *asked[:2])

    def test_a_foreign_file(self, capsys, asked):
        asked[0].write_bytes(b"PK\x03\x04 made by somebody else")
        assert "not a safetensors file" in self.refused(capsys, *asked[:2])

    def test_another_model(self, capsys, tmp_path, asked):
        save(nn.Linear(2, 3).state_dict(), tmp_path / "linear.safetensors")
        assert "is not of a ReferenceCNN" in self.refused(capsys, tmp_path / "linear.safetensors", asked[1])

    def test_another_shape(self, capsys, tmp_path, asked):
        weights = ReferenceCNN().state_dict()
        weights["conv1.weight"] = te.zeros(6, 1, 5, 5)
        save(weights, tmp_path / "grey.safetensors")
        assert "size mismatch for conv1.weight" in self.refused(capsys, tmp_path / "grey.safetensors", asked[1])

    def test_an_array_that_is_no_picture(self, capsys, tmp_path, asked):
        numpy.save(tmp_path / "flat.npy", numpy.zeros(7, numpy.float32))
        assert "flat.npy" in self.refused(capsys, asked[0], tmp_path / "flat.npy")
