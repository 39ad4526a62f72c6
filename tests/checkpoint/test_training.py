"""Checkpoints of a training: a resumed run equals an uninterrupted one bit for bit; a misfit changes nothing."""

from __future__ import annotations

import numpy
import pytest

from tinygrad_edu import nn, optim
from tinygrad_edu.backend import Generator, default_generator, manual_seed
from tinygrad_edu.checkpoint import load, load_checkpoint, read_metadata, save, save_checkpoint
from tinygrad_edu.nn import functional as F
from tinygrad_edu.tensors.creation import tensor
from tinygrad_edu.utils.data import DataLoader, TensorDataset

pytest.importorskip("safetensors", reason="checkpoints are safetensors files")

OPTIMIZERS = {
    "SGD": lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9),
    "Adam": lambda parameters: optim.Adam(parameters, lr=0.01, amsgrad=True),
    "AdamW": lambda parameters: optim.AdamW(parameters, lr=0.01),
    "Adagrad": lambda parameters: optim.Adagrad(parameters, lr=0.01),
    "RMSprop": lambda parameters: optim.RMSprop(parameters, lr=0.01, momentum=0.5, centered=True),
}


class Halving:
    """A schedule with a state, as those of optim.lr_scheduler have it: the rate is halved after each epoch."""

    def __init__(self, optimizer):
        self.optimizer, self.epochs = optimizer, 0

    def step(self):
        self.epochs += 1
        self.optimizer.param_groups[0]["lr"] /= 2

    def state_dict(self):
        return {"epochs": self.epochs}

    def load_state_dict(self, state):
        self.epochs = state["epochs"]


class Run:
    """A small training with everything that has a state: weights, buffers, schedule, dropout, shuffling."""

    def __init__(self, kind: str, seed: int):
        manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2))
        self.optimizer = OPTIMIZERS[kind](self.model.parameters())
        self.schedule = Halving(self.optimizer)
        self.shuffle = Generator().manual_seed(seed + 1)
        random = numpy.random.default_rng(0)
        data = TensorDataset(tensor(random.normal(size=(20, 3)).astype("float32")), tensor(random.integers(0, 2, 20)))
        self.loader = DataLoader(data, batch_size=6, shuffle=True, generator=self.shuffle)
        self.history = []

    def train(self, epochs: int):
        for _ in range(epochs):
            for x, y in self.loader:
                loss = F.cross_entropy(self.model(x), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.history.append(loss.item())
            self.schedule.step()
        return self

    def save(self, path, **more):
        streams = {"shuffle": self.shuffle}
        save_checkpoint(
            path, self.model, self.optimizer, schedule=self.schedule, generators=streams, history=self.history, **more
        )

    def load(self, path):
        streams = {"shuffle": self.shuffle}
        found = load_checkpoint(path, self.model, self.optimizer, schedule=self.schedule, generators=streams)
        self.history = found.history
        return found

    def state(self):
        weights = {name: value.numpy().copy() for name, value in self.model.state_dict().items()}
        return weights, self.optimizer.param_groups[0]["lr"], self.schedule.epochs, self.history


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path, kind):
    expected = Run(kind, seed=1).train(4).state()
    Run(kind, seed=1).train(2).save(tmp_path / "run", epoch=2, step=8, metadata={"model": "small"})
    resumed = Run(kind, seed=99)  # other weights, another order, until it is loaded
    found = resumed.load(tmp_path / "run")
    assert (found.epoch, found.step, found.metadata) == (2, 8, {"model": "small"})
    assert len(found.history) == 8
    weights, rate, epochs, history = resumed.train(2).state()
    assert (rate, epochs, history) == expected[1:]
    for name, value in weights.items():
        assert value.tobytes() == expected[0][name].tobytes(), name


def test_a_checkpoint_on_every_device(tmp_path, device):
    def made():
        manual_seed(0)
        model = nn.Linear(2, 2).to(device)
        return model, optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(model, optimizer):
        optimizer.zero_grad()
        model(tensor([[1.0, 2.0]], device=device)).sum().backward()
        optimizer.step()

    model, optimizer = made()
    step(model, optimizer)
    save_checkpoint(tmp_path / "run", model, optimizer)
    step(model, optimizer)
    other, other_optimizer = made()
    load_checkpoint(tmp_path / "run", other, other_optimizer)
    assert other.weight.device == model.weight.device
    step(other, other_optimizer)
    assert other.weight.tolist() == model.weight.tolist()


def test_the_file_serves_as_a_model_too(tmp_path):
    run = Run("Adam", seed=1).train(1)
    run.save(tmp_path / "run", metadata={"classes": ["no", "yes"]})
    assert list(load(tmp_path / "run")) == list(run.model.state_dict())
    assert read_metadata(tmp_path / "run") == {"classes": ["no", "yes"]}
    other = Run("Adam", seed=2)
    before = default_generator.get_state()
    found = load_checkpoint(tmp_path / "run", other.model)  # to predict: no optimizer
    assert default_generator.get_state() == before
    assert found.weights.keys() == run.model.state_dict().keys()
    for name, value in other.model.state_dict().items():
        numpy.testing.assert_array_equal(value.numpy(), run.model.state_dict()[name].numpy())
        numpy.testing.assert_array_equal(found.weights[name].numpy(), value.numpy())


def test_several_groups_keep_their_settings_and_names(tmp_path):
    def made(order=1):
        model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
        groups = [{"params": list(model[1].parameters())[::order]}, {"params": model[0].parameters(), "lr": 0.5}]
        return model, optim.SGD(groups, lr=0.1, momentum=0.9)

    model, optimizer = made()
    model(tensor([[1.0, 2.0]])).sum().backward()
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 0.7
    save_checkpoint(tmp_path / "run", model, optimizer)
    other, other_optimizer = made(order=-1)  # the same parameters in another order: names decide
    load_checkpoint(tmp_path / "run", other, other_optimizer)
    assert [group["lr"] for group in other_optimizer.param_groups] == [0.7, 0.5]
    for parameter, twin in zip(model.parameters(), other.parameters(), strict=True):
        expected = optimizer.state[parameter]["momentum_buffer"]
        numpy.testing.assert_array_equal(other_optimizer.state[twin]["momentum_buffer"].numpy(), expected.numpy())


def test_a_checkpoint_of_another_model_changes_nothing(tmp_path):
    Run("SGD", seed=1).train(1).save(tmp_path / "run")
    model = nn.Sequential(nn.Linear(3, 9), nn.Linear(9, 2), nn.Linear(2, 2))
    before = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    with pytest.raises(
        ValueError, match=r"run does not fit: (.|\n)*Missing key(.|\n)*Unexpected key(.|\n)*size mismatch"
    ) as raised:
        load_checkpoint(tmp_path / "run", model)
    for name in ("1.weight", "2.weight", "3.weight", "0.weight"):  # a full report
        assert name in str(raised.value)
    stream = default_generator.get_state()
    with pytest.raises(
        ValueError, match=r"parameters differ: missing in the file: \['1.bias', .*only in the file: \['3.bias'"
    ):
        load_checkpoint(tmp_path / "run", model, optim.SGD(model.parameters(), lr=0.1))
    assert default_generator.get_state() == stream
    for name, value in model.state_dict().items():
        numpy.testing.assert_array_equal(value.numpy(), before[name])


def test_another_optimizer_changes_nothing(tmp_path):
    Run("SGD", seed=1).train(1).save(tmp_path / "run")
    other = Run("Adam", seed=2)
    before = other.state()
    with pytest.raises(ValueError, match="run does not fit: wanted the state of Adam, it has that of SGD"):
        other.load(tmp_path / "run")
    for name, value in other.state()[0].items():
        numpy.testing.assert_array_equal(value, before[0][name])
    save_checkpoint(tmp_path / "weights", other.model)
    with pytest.raises(ValueError, match="it has that of no optimizer"):
        load_checkpoint(tmp_path / "weights", other.model, other.optimizer)


def test_what_was_not_saved_cannot_be_loaded(tmp_path):
    run = Run("SGD", seed=1)
    save_checkpoint(tmp_path / "run", run.model, run.optimizer)
    with pytest.raises(ValueError, match="saved without a schedule"):
        load_checkpoint(tmp_path / "run", run.model, run.optimizer, schedule=run.schedule)
    with pytest.raises(ValueError, match="generators called shuffle, it has default"):
        load_checkpoint(tmp_path / "run", run.model, run.optimizer, generators={"shuffle": run.shuffle})
    save(run.model.state_dict(), tmp_path / "model")
    with pytest.raises(ValueError, match="model holds weights only, wanted a checkpoint written by save_checkpoint"):
        load_checkpoint(tmp_path / "model", run.model)
    with pytest.raises(ValueError, match="wanted the model beside the optimizer"):
        load_checkpoint(tmp_path / "run", optimizer=run.optimizer)
    with pytest.raises(ValueError, match="parameter that is not the model's"):
        save_checkpoint(tmp_path / "other", nn.Linear(1, 1), run.optimizer)
    with pytest.raises(TypeError, match=r"cannot save history\.0: .* got object"):
        save_checkpoint(tmp_path / "run", run.model, history=[object()])


def test_a_failed_save_leaves_the_last_checkpoint(tmp_path):
    run = Run("SGD", seed=1).train(1)
    run.save(tmp_path / "run", epoch=1)
    with pytest.raises(TypeError, match="cannot save the metadata: wanted numbers, text"):
        save_checkpoint(tmp_path / "run", run.model, metadata={"bad": object()})
    assert run.load(tmp_path / "run").epoch == 1


def test_not_strict_fills_what_is_there(tmp_path):
    small = nn.Sequential(nn.Linear(2, 2))
    save_checkpoint(tmp_path / "run", small)
    larger = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    load_checkpoint(tmp_path / "run", larger, strict=False)
    numpy.testing.assert_array_equal(larger[0].weight.detach().numpy(), small[0].weight.detach().numpy())
