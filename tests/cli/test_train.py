"""`tinygrad-edu train`: what it writes, that it can be stopped and resumed, and what it says when it cannot be done."""

from __future__ import annotations

import gzip
import pathlib
import signal
import subprocess
import sys
import time

import numpy
import pytest

from tinygrad_edu.backend import cuda_problem
from tinygrad_edu.checkpoint import load, load_checkpoint, read_metadata
from tinygrad_edu.cli import main
from tinygrad_edu.datasets import write_idx

for module in ("safetensors", "matplotlib", "tqdm", "PIL"):
    pytest.importorskip(module, reason="the command line needs the extra 'train'")


def write_cifar10(folder: pathlib.Path, per_file: int = 8) -> str:
    """Small files in CIFAR-10's format, whose classes differ in color so that they can be learned; the --data value."""
    folder.mkdir(parents=True, exist_ok=True)
    random = numpy.random.default_rng(0)
    for name in [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]:
        labels = random.integers(0, 10, per_file)
        pictures = random.integers(0, 60, (per_file, 3, 32, 32)) + 19 * labels[:, None, None, None]
        rows = numpy.concatenate([labels[:, None], pictures.reshape(per_file, 3072)], axis=1)
        (folder / name).write_bytes(rows.astype(numpy.uint8).tobytes())
    return f"cifar10:{folder}"


@pytest.fixture
def data(tmp_path):
    return write_cifar10(tmp_path / "data")


@pytest.fixture
def drawn():
    """Asked for by a test that wants the picture."""


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """Leave the picture out elsewhere: it takes longer than everything else that these tests do."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr("tinygrad_edu.cli.tasks.pictures.draw_training", lambda *_: None)


def run(capsys, *arguments):
    """(exit status, standard output, standard error) of `tinygrad-edu …`."""
    status = main([str(argument) for argument in arguments])
    return status, *capsys.readouterr()


def refused(capsys, *arguments):
    """The one sentence on standard error of a request that cannot be met."""
    status, out, error = run(capsys, *arguments)
    assert status == 2
    assert "Traceback" not in out + error
    sentence = error.rpartition("\r")[2]  # after the progress bar, if there was one
    assert sentence.startswith(f"tinygrad-edu {arguments[0]}: ")
    return sentence


def start(*arguments):
    """The command in a process of its own."""
    command = [sys.executable, "-m", "tinygrad_edu", *map(str, arguments)]
    root = pathlib.Path(__file__).resolve().parents[2]

    def hear_ctrl_c() -> None:  # a shell starts background jobs deaf to it, and these tests may be part of one
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=root, preexec_fn=hear_ctrl_c, **pipes)


def finish(*arguments):
    """Run the command in a process of its own, to its end: equal bits want an equal number of threads."""
    process = start(*arguments)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error


def wait_for_epoch(path: pathlib.Path, epoch: int, process: subprocess.Popen[str]) -> None:
    """Return when the checkpoint of `epoch` or a later one is there; every file seen on the way must be whole."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and load_checkpoint(path).epoch >= epoch:
            return
        time.sleep(0.01)
    process.kill()
    raise AssertionError(f"no checkpoint of epoch {epoch}: {process.communicate()}")


class TestTraining:
    def test_writes_checkpoint_picture_and_example(self, capsys, tmp_path, data, drawn):
        output = tmp_path / "runs" / "new"
        status, out, error = run(capsys, "train", "--data", data, "--epochs", 2, "--batch-size", 8, "--output", output)
        assert status == 0
        assert sorted(path.name for path in output.iterdir()) == [
            "checkpoint.safetensors",
            "example.png",
            "picture.png",
        ]
        assert "40 pictures to learn from, 8 held out" in out
        assert "epoch 2/2" in out
        assert "accuracy" in out
        assert "Held out   loss" in out
        assert "epoch 1/2" in error  # the progress bar
        loaded = load_checkpoint(output / "checkpoint.safetensors")
        assert (loaded.epoch, loaded.step) == (2, 10)
        assert len(loaded.history["validation_accuracy"]) == 2
        assert loaded.metadata["classes"][0] == "airplane"
        assert (output / "picture.png").stat().st_size > 20_000

    def test_quiet_prints_the_result_only(self, capsys, tmp_path, data):
        status, out, error = run(
            capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--output", tmp_path / "o", "--device", "cpu"
        )
        assert status == 0
        assert out.startswith("Held out   loss")
        assert len(out.splitlines()) == 1
        assert error == ""

    def test_equal_seeds_write_equal_checkpoints(self, capsys, tmp_path, data):
        files, weights = [], []
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            run(capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--seed", seed, "--output", tmp_path / name)
            files.append((tmp_path / name / "checkpoint.safetensors").read_bytes())
            weights.append(load(tmp_path / name / "checkpoint.safetensors")["conv1.weight"].numpy())
        assert files[0] == files[1]
        assert not numpy.array_equal(weights[0], weights[2])

    def test_an_earlier_run_is_kept_as_previous(self, capsys, tmp_path, data):
        for seed in (1, 2):
            run(capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--seed", seed, "--output", tmp_path / "o")
        assert read_metadata(tmp_path / "o" / "previous.safetensors")["settings"]["seed"] == 1
        assert read_metadata(tmp_path / "o" / "checkpoint.safetensors")["settings"]["seed"] == 2

    @pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "adagrad", "rmsprop"])
    def test_every_optimizer(self, capsys, tmp_path, data, name):
        status, *_ = run(
            capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--optimizer", name, "--output", tmp_path / "o"
        )
        assert status == 0
        assert read_metadata(tmp_path / "o" / "checkpoint.safetensors")["settings"]["optimizer"] == name

    def test_the_reference_programs_settings(self, capsys, tmp_path, data):
        settings = ["--optimizer", "sgd", "--lr", 0.001, "--momentum", 0.9, "--batch-size", 4, "--schedule", "constant"]
        assert run(capsys, "train", "--data", data, "--epochs", 1, "--quiet", *settings, "--output", tmp_path)[0] == 0

    def test_mnist(self, capsys, tmp_path):
        random = numpy.random.default_rng(0)
        for part, count in (("train", 20), ("t10k", 10)):
            for kind, array in (
                ("images-idx3", random.integers(0, 256, (count, 28, 28))),
                ("labels-idx1", numpy.arange(count) % 10),
            ):
                write_idx(tmp_path / "plain", array.astype(numpy.uint8))
                (tmp_path / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
        status, out, _ = run(capsys, "train", "--data", f"mnist:{tmp_path}", "--epochs", 1, "--output", tmp_path / "o")
        assert status == 0
        assert "20 pictures to learn from, 10 held out" in out

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(5))
    def test_the_digits_are_learned_in_a_minute(self, capsys, tmp_path, seed, drawn):
        """The main job: at least 97 % on held-out pictures, under 60 s on two cores, whatever the seed."""
        pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
        started = time.perf_counter()
        assert run(capsys, "train", "--quiet", "--seed", seed, "--output", tmp_path)[0] == 0
        assert time.perf_counter() - started < 60
        history = load_checkpoint(tmp_path / "checkpoint.safetensors").history
        assert history["validation_accuracy"][-1] >= 0.97


def eight_epochs(data, output):
    """The arguments of the run that is stopped and resumed."""
    return ["train", "--data", data, "--epochs", 8, "--batch-size", 4, "--seed", 3, "--output", output]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """(data, checkpoint of a run of `eight_epochs` that nobody stopped)"""
    folder = tmp_path_factory.mktemp("whole")
    data = write_cifar10(folder / "data", per_file=24)
    finish(*eight_epochs(data, folder / "run"))
    return data, (folder / "run" / "checkpoint.safetensors").read_bytes()


class TestStoppingAndResuming:
    def test_a_killed_run_resumed_ends_like_an_uninterrupted_one(self, tmp_path, whole):
        data, wanted = whole
        path = tmp_path / "killed" / "checkpoint.safetensors"
        process = start(*eight_epochs(data, path.parent))
        wait_for_epoch(path, 3, process)
        process.kill()
        process.communicate()
        assert 3 <= load_checkpoint(path).epoch < 8, "it was killed too late to show anything"
        finish("train", "--resume", "--output", path.parent)
        assert path.read_bytes() == wanted

    def test_ctrl_c_leaves_a_whole_checkpoint_and_says_how_to_go_on(self, tmp_path, whole):
        data, wanted = whole
        path = tmp_path / "stopped" / "checkpoint.safetensors"
        process = start(*eight_epochs(data, path.parent))
        wait_for_epoch(path, 2, process)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Traceback" not in error
        assert f"tinygrad-edu train --resume {path}" in error
        assert [file.name for file in path.parent.iterdir()] == [path.name]  # no temporary file is left behind
        assert 2 <= load_checkpoint(path).epoch < 8
        finish("train", "--resume", path)
        assert path.read_bytes() == wanted

    def test_ctrl_c_in_the_first_epoch_can_be_resumed_too(self, tmp_path, whole):
        data, wanted = whole
        path = tmp_path / "early" / "checkpoint.safetensors"
        process = start(*eight_epochs(data, path.parent))
        wait_for_epoch(path, 0, process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert load_checkpoint(path).epoch < 8
        finish("train", "--resume", path)
        assert path.read_bytes() == wanted

    def test_more_epochs(self, capsys, tmp_path, data):
        common = ["--output", tmp_path / "o", "--quiet"]
        run(capsys, "train", "--data", data, "--epochs", 1, "--schedule", "constant", *common)
        assert run(capsys, "train", "--resume", "--epochs", 3, *common)[0] == 0
        run(
            capsys,
            "train",
            "--data",
            data,
            "--epochs",
            3,
            "--schedule",
            "constant",
            "--quiet",
            "--output",
            tmp_path / "p",
        )
        assert (tmp_path / "o/checkpoint.safetensors").read_bytes() == (
            tmp_path / "p/checkpoint.safetensors"
        ).read_bytes()

    def test_a_finished_run_is_shown_again_and_stays_as_it_is(self, capsys, tmp_path, data):
        run(capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--output", tmp_path / "o")
        before = (tmp_path / "o" / "checkpoint.safetensors").read_bytes()
        status, out, _ = run(capsys, "train", "--resume", "--output", tmp_path / "o")
        assert status == 0
        assert "Held out" in out
        assert (tmp_path / "o" / "checkpoint.safetensors").read_bytes() == before

    def test_fewer_epochs_than_it_has_are_refused(self, capsys, tmp_path, data):
        run(capsys, "train", "--data", data, "--epochs", 2, "--quiet", "--output", tmp_path / "o")
        assert "has 2 epochs already" in refused(capsys, "train", "--resume", "--epochs", 1, "--output", tmp_path / "o")

    def test_resuming_into_another_folder_keeps_the_run_that_is_there(self, capsys, tmp_path, data):
        for name, seed in (("a", 1), ("b", 2)):
            run(capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--seed", seed, "--output", tmp_path / name)
        kept = (tmp_path / "b" / "checkpoint.safetensors").read_bytes()
        run(
            capsys,
            "train",
            "--resume",
            tmp_path / "a" / "checkpoint.safetensors",
            "--quiet",
            "--output",
            tmp_path / "b",
        )
        assert (tmp_path / "b" / "previous.safetensors").read_bytes() == kept

    def test_other_settings_are_refused(self, capsys, tmp_path, data):
        run(capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--output", tmp_path / "o")
        message = refused(capsys, "train", "--resume", "--lr", 0.5, "--output", tmp_path / "o")
        assert "was begun with --lr 0.003, got --lr 0.5" in message

    def test_a_resumed_run_wants_a_checkpoint_of_its_own(self, capsys, tmp_path):
        assert "there is no checkpoint here" in refused(capsys, "train", "--resume", "--output", tmp_path / "none")

    def test_other_data_of_the_same_name_are_refused(self, capsys, tmp_path, data):
        run(capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--output", tmp_path / "o")
        write_cifar10(tmp_path / "data", per_file=4)
        message = refused(capsys, "train", "--resume", "--epochs", 2, "--output", tmp_path / "o")
        assert "was begun on 40 pictures and 8 held out, got 20 and 4" in message


class TestWhatCannotBeDone:
    """Every mistake is one sentence on standard error, exit status 2, and nothing that was there is lost."""

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--lr", "-1"], "learning rate"),
            (["--lr", "nan"], "learning rate"),
            (["--momentum", "0.5"], "adam has no --momentum"),
            (["--optimizer", "sgd", "--momentum", "-1"], "momentum"),
            (["--epochs", "0"], "--epochs of 1 or more"),
            (["--batch-size", "0"], "--batch-size of 1 or more"),
            (["--epoch-size", "-1"], "--epoch-size of 0 (all samples) or more"),
            (["--clip", "-1"], "--clip of 0 (off) or more"),
            (["--clip", "nan"], "--clip of 0 (off) or more"),
            (
                ["--data", "imagenet"],
                "wanted --data digits, cifar10:PATH, mnist:PATH, text, adding or reversal, got 'imagenet'",
            ),
            (["--data", "cifar10"], "wanted --data digits, cifar10:PATH or mnist:PATH"),
            (["--data", "mnist:/nowhere/at/all"], "/nowhere/at/all"),
            (["--data", "cifar10:/nowhere/at/all"], "/nowhere/at/all"),
            (["--device", "tpu"], "wanted a device"),
        ],
    )
    def test_settings(self, capsys, tmp_path, data, arguments, sentence):
        given = ["--data", data, "--output", tmp_path / "o"]
        assert sentence in refused(capsys, "train", *given, *arguments)
        assert not (tmp_path / "o").exists()

    @pytest.mark.skipif(cuda_problem() is None, reason="there is a GPU")
    def test_a_gpu_that_is_not_there(self, capsys, tmp_path, data):
        message = refused(capsys, "train", "--data", data, "--device", "cuda", "--output", tmp_path / "o")
        assert "wanted --device cuda, but" in message
        assert "use --device cpu" in message

    def test_a_truncated_data_file(self, capsys, tmp_path, data):
        file = tmp_path / "data" / "data_batch_3.bin"
        file.write_bytes(file.read_bytes()[:-100])
        assert "cut short" in refused(capsys, "train", "--data", data, "--output", tmp_path / "o")

    def test_an_empty_data_set(self, capsys, tmp_path):
        data = write_cifar10(tmp_path / "data", per_file=0)
        assert "is empty" in refused(capsys, "train", "--data", data, "--output", tmp_path / "o")

    def test_labels_out_of_range(self, capsys, tmp_path, data):
        file = tmp_path / "data" / "data_batch_3.bin"
        file.write_bytes(b"\x0b" + file.read_bytes()[1:])
        assert "labels from 0 to 9, got 11" in refused(capsys, "train", "--data", data, "--output", tmp_path / "o")

    def test_a_wrong_magic_number(self, capsys, tmp_path):
        (tmp_path / "train-images-idx3-ubyte").write_bytes(b"\x01\x02\x03\x04 no images")
        (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"\x01\x02\x03\x04 no labels")
        message = refused(capsys, "train", "--data", f"mnist:{tmp_path}", "--output", tmp_path / "o")
        assert "train-images-idx3-ubyte" in message

    def test_an_unwritable_output_folder_is_found_before_training(self, capsys, tmp_path, data):
        (tmp_path / "file").write_text("not a folder")
        message = refused(capsys, "train", "--data", data, "--epochs", 1000, "--output", tmp_path / "file" / "run")
        assert str(tmp_path / "file") in message

    def test_a_checkpoint_that_cannot_be_written(self, capsys, tmp_path, data):
        (tmp_path / "o" / "checkpoint.safetensors" / "x").mkdir(parents=True)  # a folder where the file should be
        (tmp_path / "o" / "previous.safetensors" / "x").mkdir(parents=True)
        message = refused(capsys, "train", "--data", data, "--epochs", 1000, "--output", tmp_path / "o")
        assert "checkpoint.safetensors" in message

    def test_a_loss_that_is_no_number(self, capsys, tmp_path, data):
        settings = ["--optimizer", "sgd", "--lr", "1e20", "--epochs", 3, "--batch-size", 8, "--output", tmp_path / "o"]
        message = refused(capsys, "train", "--data", data, *settings)
        assert "the loss became" in message
        assert "lower learning rate than 1e+20" in message
        weights = load(tmp_path / "o" / "checkpoint.safetensors")
        assert all(numpy.isfinite(tensor.numpy()).all() for tensor in weights.values())

    @pytest.mark.parametrize("damage", ["cut", "foreign", "other model"])
    def test_a_checkpoint_that_does_not_fit(self, capsys, tmp_path, data, damage):
        from tinygrad_edu import nn
        from tinygrad_edu.checkpoint import save_checkpoint

        run(capsys, "train", "--data", data, "--epochs", 1, "--quiet", "--output", tmp_path / "o")
        path = tmp_path / "o" / "checkpoint.safetensors"
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:-1000])
        elif damage == "foreign":
            path.write_bytes(b"\x80\x04pickled")
        else:
            save_checkpoint(path, nn.Linear(2, 3), metadata=read_metadata(path))
        before = path.read_bytes()
        wanted = {"cut": "cut short", "foreign": "not a safetensors file", "other model": "does not fit"}[damage]
        assert wanted in refused(capsys, "train", "--resume", "--epochs", 2, "--output", tmp_path / "o")
        assert path.read_bytes() == before

    def test_the_traceback_can_be_asked_for(self, tmp_path, data):
        with pytest.raises(ValueError, match="learning rate"):
            main(["train", "--data", data, "--lr", "-1", "--traceback", "--output", str(tmp_path / "o")])
