"""Every task through the one training command: what it writes, resumes, answers and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu.checkpoint import load, load_checkpoint, read_metadata, save
from tinygrad_edu.cli import main
from tinygrad_edu.cli.settings import OPTIMIZERS, Settings
from tinygrad_edu.cli.tasks import DATA, MODELS, TASKS, find_task, task_of
from tinygrad_edu.cli.tasks.reversal import whole_answers
from tinygrad_edu.cli.tasks.text import continue_text
from tinygrad_edu.datasets import AddingProblem, LetterSource
from tinygrad_edu.datasets.text import IGNORED
from tinygrad_edu.models import CausalLanguageModel
from tinygrad_edu.optim import Adam
from tinygrad_edu.training import evaluate, fit
from tinygrad_edu.utils.data import DataLoader

for module in ("safetensors", "matplotlib", "tqdm", "PIL"):
    pytest.importorskip(module, reason="the command line needs the extra 'train'")

RUNS = {
    "lstm": ["--model", "lstm"],
    "gpt": ["--model", "gpt"],
    "gru": ["--model", "gru"],
    "rnn": ["--model", "rnn", "--data", "text:2"],
    "adding-lstm": ["--model", "lstm", "--data", "adding:6"],
    "adding-gru": ["--model", "gru", "--data", "adding:6"],
    "adding-rnn": ["--model", "rnn", "--data", "adding:6"],
    "seq2seq": ["--model", "seq2seq", "--data", "reversal:5"],
}
ONE_OF_EACH_TASK = ["lstm", "adding-lstm", "seq2seq"]
DRAWN = ["gpt", "adding-rnn", "seq2seq"]  # a picture of each kind
RESULTS = {
    "text": "nats per letter, entropy rate",
    "adding": "mean squared error",
    "reversal": "% turned around exactly",
}
SMALL = ["--epochs", "2", "--epoch-size", "50"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Few samples in every data set."""
    for data in RESULTS:
        monkeypatch.setattr(f"tinygrad_edu.datasets.{data}.TRAINING", 150)
        monkeypatch.setattr(f"tinygrad_edu.datasets.{data}.HELD_OUT", 20)


@pytest.fixture(autouse=True)
def undrawn(request, monkeypatch):
    """No pictures but where they are looked for: they take longer than all the rest."""
    if not (request.function is test_a_run_from_end_to_end and request.node.callspec.params["name"] in DRAWN):
        for task in RESULTS:
            monkeypatch.setattr(f"tinygrad_edu.cli.tasks.{task}.draw_{task}", lambda *_: None)


def run(capsys, *arguments):
    """(exit status, standard output, standard error) of `tinygrad-edu …`."""
    status = main([str(argument) for argument in arguments])
    return status, *capsys.readouterr()


def trained(capsys, folder, name, *more):
    """The checkpoint of a small run."""
    status, *_ = run(capsys, "train", *RUNS[name], *SMALL, "--quiet", "--output", folder, *more)
    assert status == 0
    return folder / "checkpoint.safetensors"


@pytest.mark.parametrize("name", RUNS)
def test_a_run_from_end_to_end(capsys, tmp_path, name):
    """What it writes, what it says, and that what it says to try works."""
    status, out, error = run(capsys, "train", *RUNS[name], *SMALL, "--output", tmp_path)
    assert status == 0
    drawn = ["picture.png"] if name in DRAWN else []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.safetensors", *drawn]
    assert all((tmp_path / picture).stat().st_size > 20_000 for picture in drawn)
    settings = read_metadata(tmp_path / "checkpoint.safetensors")["settings"]
    assert settings["model"] == RUNS[name][1]
    assert "150 " in out.splitlines()[0]
    assert "(50 in an epoch), 20 held out" in out.splitlines()[0]
    assert "epoch 2/2" in out
    assert "epoch 1/2" in error  # the progress bar
    (result,) = [line for line in out.splitlines() if line.startswith("Held out")]
    assert RESULTS[settings["data"].partition(":")[0]] in result
    assert result.endswith("after 2 epochs")
    loaded = load_checkpoint(tmp_path / "checkpoint.safetensors")
    assert loaded.epoch == 2
    assert loaded.step == 2 * -(-50 // settings["batch_size"])
    _, _, rest = out.splitlines()[-1].partition("tinygrad-edu predict ")
    checkpoint, _, question = rest.partition(" ")
    status, out, error = run(capsys, "predict", checkpoint, question.strip('"'))
    assert (status, error) == (0, "")
    assert len(out) > 2


@pytest.mark.parametrize("name", ONE_OF_EACH_TASK)
def test_a_run_in_two_parts_ends_as_in_one(capsys, tmp_path, name):
    common = [*RUNS[name], "--epoch-size", 50, "--schedule", "constant", "--quiet"]
    run(capsys, "train", *common, "--epochs", 3, "--output", tmp_path / "whole")
    run(capsys, "train", *common, "--epochs", 1, "--output", tmp_path / "parts")
    status, *_ = run(capsys, "train", "--resume", "--epochs", 3, "--output", tmp_path / "parts", "--quiet")
    assert status == 0
    whole, parts = ((tmp_path / name / "checkpoint.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole == parts


def test_a_killed_run_resumed_ends_like_an_uninterrupted_one(tmp_path):
    """In processes of their own, with data of the full size."""

    def start(*arguments):
        command = [sys.executable, "-m", "tinygrad_edu", "train", *map(str, arguments)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=Path(__file__).resolve().parents[3], **quiet)

    common = ["--data", "adding:4", "--model", "rnn", "--epochs", 12, "--epoch-size", 2000]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = start(*common, "--output", whole)
    assert process.wait(timeout=100) == 0
    process = start(*common, "--output", killed)
    deadline, path = time.monotonic() + 60, killed / "checkpoint.safetensors"
    while not path.exists() or load_checkpoint(path).epoch < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert 2 <= load_checkpoint(path).epoch < 12, "it was killed too late to show anything"
    process = start("--resume", path)
    assert process.wait(timeout=100) == 0
    assert path.read_bytes() == (whole / "checkpoint.safetensors").read_bytes()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_has_a_rate_that_suits_it(capsys, tmp_path, optimizer):
    checkpoint = trained(capsys, tmp_path, "adding-lstm", "--optimizer", optimizer)
    settings = read_metadata(checkpoint)["settings"]
    assert settings["lr"] == task_of("adding").models["lstm"].rates[optimizer]
    assert settings["momentum"] == (0.9 if optimizer == "sgd" else 0)
    assert all(numpy.isfinite(weight.numpy()).all() for weight in load(checkpoint).values())


@pytest.mark.parametrize("name", ONE_OF_EACH_TASK)
def test_seeds_and_clipping_decide_the_weights(capsys, tmp_path, name):
    options = {"a": [], "b": [], "seed": ["--seed", 1], "clip": ["--clip", 0.01]}
    files = {key: trained(capsys, tmp_path / key, name, *more).read_bytes() for key, more in options.items()}
    assert files["a"] == files["b"]
    assert len(set(files.values())) == 3


def test_each_run_has_a_folder_of_its_own(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("lstm", "adding-lstm", "seq2seq"):
        run(capsys, "train", *RUNS[name], *SMALL, "--quiet")
    found = {path.name for path in (tmp_path / "runs").iterdir()}
    assert found == {"text-lstm", "adding-lstm", "reversal-seq2seq"}
    status, out, _ = run(capsys, "train", "--model", "lstm", "--data", "adding:6", "--resume", "--quiet")
    assert status == 0
    assert "mean squared error" in out


def test_folders_differ_and_recipes_are_complete():
    models = [candidate for task in TASKS for candidate in task.models.values()]
    assert len({candidate.folder for candidate in models}) == len(models)
    for candidate in models:
        assert set(candidate.rates) == set(OPTIMIZERS)
        assert next(iter(candidate.rates)) == Settings.optimizer


class TestChoosing:
    @pytest.mark.parametrize(
        ("model", "data", "wanted"),
        [
            (None, None, ("cnn", "digits")),
            ("cnn", None, ("cnn", "digits")),
            ("lstm", None, ("lstm", "text")),
            ("gpt", None, ("gpt", "text")),
            ("seq2seq", None, ("seq2seq", "reversal")),
            (None, "text", ("lstm", "text")),
            (None, "adding:9", ("lstm", "adding:9")),
            (None, "mnist:/a", ("cnn", "mnist:/a")),
            ("rnn", "adding", ("rnn", "adding")),
        ],
    )
    def test_what_is_left_out_is_what_goes_with_the_rest(self, model, data, wanted):
        task, *found = find_task(model, data)
        assert tuple(found) == wanted
        assert task is task_of(found[1])

    def test_every_model_has_data_and_the_other_way_round(self):
        for model in MODELS:
            task, *_ = find_task(model, None)
            assert model in task.models
        for data in DATA:
            assert find_task(None, data)[1] in task_of(data).models

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (
                ["--model", "cnn", "--data", "text"],
                "cannot learn --data text: wanted --data digits, cifar10:PATH, mnist:PATH, or --model lstm, gpt,",
            ),
            (["--model", "gpt", "--data", "adding"], "wanted --data text, or --model lstm, gru or rnn"),
            (["--model", "lstm", "--data", "digits"], "wanted --data text, adding, or --model cnn"),
            (
                ["--data", "texts"],
                "wanted --data digits, cifar10:PATH, mnist:PATH, text, adding or reversal, got 'texts'",
            ),
            (["--data", "text:x"], "wanted --data text:NUMBER, how many letters the source looks at"),
            (["--data", "text:0"], "wanted an order from 1 to 8"),
            (["--data", "adding:1"], "of length 2 or more"),
            (["--data", "adding:"], "--data adding:NUMBER, how long the sequences are, or --data adding for 100"),
            (["--data", "reversal:0"], "of 1 letter or more"),
        ],
    )
    def test_what_makes_no_sense_is_said_in_a_sentence(self, capsys, tmp_path, arguments, sentence):
        status, out, error = run(capsys, "train", *arguments, "--output", tmp_path / "o")
        assert status == 2
        assert out == ""
        assert sentence in error
        assert not (tmp_path / "o").exists()

    def test_a_resumed_run_keeps_its_model(self, capsys, tmp_path):
        trained(capsys, tmp_path, "adding-rnn")
        status, _, error = run(capsys, "train", "--resume", "--model", "lstm", "--output", tmp_path)
        assert status == 2
        assert "was begun with --model rnn, got --model lstm" in error


class TestPredicting:
    def test_text_goes_on(self, capsys, tmp_path):
        checkpoint = trained(capsys, tmp_path, "lstm")
        ask = ["predict", checkpoint, "the moon", "--length", 20]
        first, again, other = (run(capsys, *ask, "--seed", seed)[1] for seed in (0, 0, 1))
        assert first.startswith("the moon")
        assert len(first) == len("the moon") + 20 + 1
        assert first == again
        assert first != other
        (likeliest,) = {run(capsys, *ask, "--temperature", 0, "--seed", seed)[1] for seed in (0, 1)}
        assert len(likeliest) == len(first)
        found = json.loads(run(capsys, *ask, "--json")[1])
        assert found["prompt"] + found["continuation"] == first.rstrip("\n")

    def test_a_gpt_writes_beyond_its_context(self, capsys, tmp_path):
        checkpoint = trained(capsys, tmp_path, "gpt")
        status, out, _ = run(capsys, "predict", checkpoint, "once upon a time", "--length", 60)
        assert status == 0
        assert len(out) == 16 + 60 + 1

    def test_what_a_gpt_writes_depends_on_the_last_letters_that_it_can_read(self):
        source = LetterSource()
        te.manual_seed(0)
        model = CausalLanguageModel(len(source.alphabet), 5, width=8, heads=2, layers=1)
        with te.no_grad():
            for parameter in model.parameters():
                parameter.mul_(10.0)  # so that letters differ in their probability
        tokens = source.encode("the moon").tolist()
        for _ in range(9):
            tokens.append(int(model(te.tensor([tokens[-5:]]))[0, -1].argmax().item()))
        written = continue_text(model, source, "the moon", 9, te.Generator(), temperature=0)
        assert written == source.decode(tokens)
        assert len(set(written[8:])) > 1

    def test_numbers_are_added(self, capsys, tmp_path):
        checkpoint = trained(capsys, tmp_path, "adding-lstm")
        found = json.loads(run(capsys, "predict", checkpoint, "0.25 0.5", "--json")[1])
        assert found["sum"] == 0.75
        assert 1 <= found["steps"][0] <= 3 < found["steps"][1] <= 6
        model = task_of("adding").rebuild(str(checkpoint), load(checkpoint), read_metadata(checkpoint))
        sequence = te.tensor(read_sequence(found["steps"]))
        assert found["answer"] == pytest.approx(model(sequence).item(), abs=1e-6)

    def test_a_word_is_turned_around_or_not(self, capsys, tmp_path):
        checkpoint = trained(capsys, tmp_path, "seq2seq")
        found = json.loads(run(capsys, "predict", checkpoint, "robot", "--json")[1])
        assert found["right"] == (found["answer"] == "tobor")
        assert ("(wrong)" in run(capsys, "predict", checkpoint, "robot")[1]) != found["right"]

    @pytest.mark.parametrize(
        ("name", "question", "sentence"),
        [
            ("lstm", "", "wanted the beginning of a text"),
            ("lstm", "The Moon", "got 'MT'"),
            ("adding-lstm", "0.25", 'two numbers from 0 to 1, such as "0.25 0.5"'),
            ("adding-lstm", "0.25 1.5", "two numbers from 0 to 1"),
            ("adding-lstm", "a b", "two numbers from 0 to 1"),
            ("seq2seq", "robots", "wanted a word of 1 to 5 letters a to z, got 'robots'"),
            ("seq2seq", "", "wanted a word of 1 to 5 letters"),
            ("seq2seq", "r2d2", "letters a to z, got 'r2d2'"),
        ],
    )
    def test_what_cannot_be_asked(self, capsys, tmp_path, name, question, sentence):
        checkpoint = trained(capsys, tmp_path, name)
        status, out, error = run(capsys, "predict", checkpoint, question)
        assert (status, out) == (2, "")
        assert sentence in error

    def test_weights_that_do_not_fit(self, capsys, tmp_path):
        checkpoint = trained(capsys, tmp_path, "lstm")
        weights = load(checkpoint)
        weights["head.weight"] = te.zeros(2, 2)
        save(weights, checkpoint, metadata=read_metadata(checkpoint))
        status, _, error = run(capsys, "predict", checkpoint, "the")
        assert status == 2
        assert "does not fit a RecurrentLanguageModel" in error


def read_sequence(steps):
    """The sequence that `predict` hides 0.25 and 0.5 in."""
    problem = AddingProblem(False, length=6, sequences=1, seed=0)
    assert [step - 1 for step in steps] == problem.marked[0].tolist()
    problem.sequences[0, problem.marked[0], 0] = 0.25, 0.5
    return problem.sequences


@pytest.mark.parametrize("name", RUNS)
def test_no_training_step_waits_for_the_device(name):
    """What is read back are the loss and the metrics, at the end of the epoch (and every 20 steps)."""
    from tinygrad_edu.backend.strict.counters import counters

    task, model_name, data = find_task(RUNS[name][1], RUNS[name][3] if len(RUNS[name]) > 2 else None)
    learned, _ = task.load(data)
    batches = [learned.take(range(2 * i, 2 * i + 2)) for i in range(3)]
    te.manual_seed(0)
    model = task.models[model_name].build(task.facts(learned)).to("strict")
    optimizer = Adam(model.parameters(), lr=0.001)
    counters.reset()
    history = fit(model, task.loss, optimizer, batches, epochs=1, metrics=task.metrics, progress=False, clip_norm=1.0)
    assert counters.synchronizations == 1 + len(task.metrics)
    assert numpy.isfinite(history["loss"][0])


def test_a_word_counts_when_every_letter_is_right_and_what_is_ignored_does_not_matter():
    logits = numpy.zeros((3, 4, 5))
    for row, said in enumerate(([1, 2, 3, 0], [1, 2, 4, 0], [1, 2, 3, 4])):
        logits[row, range(4), said] = 1
    targets = [[1, 2, 3, IGNORED], [1, 2, 3, IGNORED], [1, 2, 3, 4]]
    assert whole_answers(te.tensor(logits), te.tensor(targets)).item() == pytest.approx(2 / 3)


def test_being_right_under_help_is_being_right_without(capsys, tmp_path):
    """The accuracy of an epoch, with the right letters shown, is that of greedy decoding, without."""
    checkpoint = trained(capsys, tmp_path, "seq2seq", "--data", "reversal:2", "--epochs", 8, "--epoch-size", 150)
    task = task_of("reversal")
    model = task.rebuild(str(checkpoint), load(checkpoint), read_metadata(checkpoint))
    _, held_out = task.load("reversal:2")
    found = evaluate(model, task.loss, DataLoader(held_out, batch_size=16), metrics=task.metrics)
    said = task.result(model, held_out, found)
    assert 0 < found["accuracy"] < 1
    assert f"({round(found['accuracy'] * len(held_out))} of {len(held_out)}, greedy decoding)" in said
