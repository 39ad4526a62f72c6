"""The training loop: what it computes, what it must not do (wait, forget, go on after a NaN), and what it returns."""

from __future__ import annotations

import math

import numpy
import pytest

import tinygrad_edu as te
from tinygrad_edu import nn, optim
from tinygrad_edu.backend import default_generator
from tinygrad_edu.checkpoint import load_checkpoint
from tinygrad_edu.models import ReferenceCNN
from tinygrad_edu.nn import functional as F
from tinygrad_edu.training import (
    History,
    State,
    accuracy,
    checkpointing,
    cosine_decay,
    early_stopping,
    evaluate,
    fit,
    scheduling,
)
from tinygrad_edu.training.meter import Meter
from tinygrad_edu.utils.data import DataLoader, TensorDataset


def clouds(count=96, seed=0):
    """Three well separated clouds of points in the plane, with their numbers."""
    random = numpy.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    centers = numpy.array([[0.0, 3.0], [3.0, 0.0], [-3.0, -3.0]])
    points = centers[labels] + random.standard_normal((count, 2))
    return TensorDataset(te.tensor(points.astype(numpy.float32)), te.tensor(labels))


def network(dropout=0.0):
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 3))


def trained(epochs=3, seed=0, dropout=0.2, **options):
    te.manual_seed(seed)
    model = network(dropout)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loader = DataLoader(clouds(), batch_size=16, shuffle=True)
    history = fit(model, nn.CrossEntropyLoss(), optimizer, loader, epochs=epochs, progress=False, **options)
    return model, history


def numbers(model):
    return {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}


def assert_same_numbers(one, other):
    assert one.keys() == other.keys()
    for name in one:
        numpy.testing.assert_array_equal(one[name], other[name], err_msg=name)


SCHEDULES = {
    "one cycle, each batch": (
        "after_step",
        lambda lr, o: lr.OneCycleLR(o, 0.05, epochs=4, steps_per_epoch=6, pct_start=0.4),
    ),
    "warm-up, each batch": (
        "after_step",
        lambda lr, o: lr.SequentialLR(o, [lr.LinearLR(o, 0.1, total_iters=9), lr.CosineAnnealingLR(o, 15)], [9]),
    ),
    "chained, each epoch": (
        "callbacks",
        lambda lr, o: lr.ChainedScheduler([lr.StepLR(o, 1, 0.8), lr.LinearLR(o, 0.5, total_iters=3)]),
    ),
    "plateau, each epoch": ("callbacks", lambda lr, o: lr.ReduceLROnPlateau(o, "max", 0.5, patience=0)),
}


class TestFit:
    def test_equals_the_five_lines_written_out(self):
        fitted, history = trained(epochs=2, dropout=0.0)
        te.manual_seed(0)
        model = network()
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        losses = []
        for _ in range(2):
            for inputs, targets in DataLoader(clouds(), batch_size=16, shuffle=True):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(inputs), targets)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
        assert_same_numbers(numbers(fitted), numbers(model))
        assert history["loss"] == pytest.approx([numpy.mean(losses[:6]), numpy.mean(losses[6:])], rel=1e-6)

    def test_learns(self):
        held_out = DataLoader(clouds(seed=1), batch_size=40)
        model, history = trained(epochs=5, validation_loader=held_out)
        assert history["validation_accuracy"][-1] > 0.95
        assert history["loss"][-1] < history["loss"][0]
        assert list(history.columns) == ["loss", "accuracy", "validation_loss", "validation_accuracy"]
        result = evaluate(model, nn.CrossEntropyLoss(), held_out)
        assert result == {name: history["validation_" + name][-1] for name in ("loss", "accuracy")}

    def test_equal_seeds_give_equal_runs_bit_for_bit(self):
        (one, first), (other, second), (third, _) = trained(seed=3), trained(seed=3), trained(seed=4)
        assert_same_numbers(numbers(one), numbers(other))
        assert first == second
        assert not numpy.array_equal(numbers(one)["0.weight"], numbers(third)["0.weight"])

    def test_validation_does_not_change_the_training(self):
        plain, _ = trained()
        watched, _ = trained(validation_loader=DataLoader(clouds(seed=1), batch_size=16))
        assert_same_numbers(numbers(plain), numbers(watched))

    def test_a_batch_counts_by_its_size(self):
        seen = []

        def measured(outputs, targets):
            seen.append(len(targets))
            return te.tensor(float(len(targets)))

        te.manual_seed(0)
        model = network()
        data = TensorDataset(*(tensor[:20] for tensor in clouds().tensors))
        history = fit(
            model,
            nn.CrossEntropyLoss(),
            optim.SGD(model.parameters(), lr=0.1),
            DataLoader(data, batch_size=16),
            epochs=1,
            metrics={"size": measured},
            progress=False,
        )
        assert seen == [16, 4]
        assert history["size"] == [(16 * 16 + 4 * 4) / 20]

    def test_nothing_is_recorded_in_validation_and_the_mode_comes_back(self):
        model, modes = network(0.5), []

        def look(outputs, targets):
            modes.append((model.training, outputs.requires_grad))
            return 0.0

        model.train()
        evaluate(model, nn.CrossEntropyLoss(), DataLoader(clouds(), batch_size=50), metrics={"look": look})
        assert modes == [(False, False)] * 2
        assert model.training
        model.eval()
        evaluate(model, nn.CrossEntropyLoss(), DataLoader(clouds(), batch_size=50))
        assert not model.training

    def test_no_step_waits_for_the_device(self, device):
        """Between two batches, and so during a whole step, nothing is read back; the numbers come over in bundles."""
        if device.type != "strict":
            pytest.skip("the strict stand-in is what counts synchronizations")
        from tinygrad_edu.backend.strict.counters import counters

        images = te.tensor(numpy.random.default_rng(0).uniform(-1, 1, (50, 3, 32, 32)).astype(numpy.float32))
        labels = te.tensor(numpy.arange(50) % 10)
        batches, waits = [(images[i : i + 2], labels[i : i + 2]) for i in range(0, 50, 2)], []

        def watched():
            for batch in batches:
                waits.append(counters.synchronizations)
                yield batch

        te.manual_seed(0)
        model = ReferenceCNN().to(device)
        optimizer = optim.Adam(model.parameters(), lr=0.001)
        counters.reset()
        history = fit(model, nn.CrossEntropyLoss(), optimizer, watched(), epochs=1, progress=False)
        assert waits[0] == 0
        assert len(set(waits[:20])) == 1
        assert len(set(waits[20:])) == 1
        assert counters.synchronizations == 4  # two numbers (loss, accuracy), fetched after 20 steps and after all 25
        assert math.isfinite(history["loss"][0])

    def test_devices_agree(self, device):
        def losses(place):
            te.manual_seed(0)
            model = network().to(place)
            optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
            loader = DataLoader(clouds(), batch_size=16, shuffle=True)
            return fit(model, nn.CrossEntropyLoss(), optimizer, loader, epochs=2, progress=False)["loss"]

        assert losses(device) == pytest.approx(losses("cpu"), rel=1e-5)

    def test_an_epoch_without_a_batch_is_an_error(self):
        model = network()
        with pytest.raises(ValueError, match="gave no batch"):
            fit(model, F.cross_entropy, optim.SGD(model.parameters(), lr=0.1), [], epochs=1, progress=False)

    def test_labels_out_of_range_are_an_error(self):
        points, labels = clouds().tensors
        loader = DataLoader(TensorDataset(points, labels + 1), batch_size=16)
        model = network()
        with pytest.raises(IndexError, match="Target 3 is out of bounds"):
            fit(model, F.cross_entropy, optim.SGD(model.parameters(), lr=0.1), loader, epochs=1, progress=False)

    def test_the_progress_shows_a_line_for_each_epoch(self, capsys):
        pytest.importorskip("tqdm", reason="the progress bar is tqdm's")
        te.manual_seed(0)
        model = network()
        loader = DataLoader(clouds(), batch_size=16)
        fit(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), loader, epochs=2)
        shown = capsys.readouterr()
        assert [line.split()[1] for line in shown.out.splitlines()] == ["1/2", "2/2"]
        assert "accuracy" in shown.out
        assert "%" in shown.out
        assert "epoch 1/2" in shown.err


class TestSteps:
    """Gradients of several batches, clipping, and what is called after each step."""

    def fitted(self, batch_size, epochs=2, after=(), **options):
        te.manual_seed(0)
        model = network().double()
        points, labels = clouds(90).tensors
        loader = DataLoader(TensorDataset(points.double(), labels), batch_size=batch_size)
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        history = fit(
            model, nn.CrossEntropyLoss(), optimizer, loader, epochs=epochs, progress=False, after_step=after, **options
        )
        return model, history

    def test_small_batches_that_are_accumulated_equal_large_ones(self):
        large, wanted = self.fitted(30)
        small, history = self.fitted(10, accumulate=3)
        for name, value in numbers(large).items():
            numpy.testing.assert_allclose(numbers(small)[name], value, rtol=1e-11, err_msg=name)
        assert history["accuracy"] == pytest.approx(wanted["accuracy"])
        assert history["loss"] != pytest.approx(self.fitted(10)[1]["loss"])

    def test_what_is_left_of_an_epoch_makes_a_step_too(self):
        steps = []
        self.fitted(10, after=[lambda state: steps.append(state.step)], accumulate=4)
        assert steps == [4, 8, 9, 13, 17, 18]

    def test_it_equals_the_lines_written_out(self):
        fitted, _ = self.fitted(10, epochs=1, accumulate=4, clip_norm=0.5)
        te.manual_seed(0)
        model = network().double()
        points, labels = clouds(90).tensors
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        for batch in range(9):
            if batch % 4 == 0:
                optimizer.zero_grad()
            part = slice(10 * batch, 10 * batch + 10)
            (F.cross_entropy(model(points[part].double()), labels[part]) / 4).backward()
            if batch in (3, 7, 8):
                nn.utils.clip_grad_norm_(model.parameters(), 0.5)
                optimizer.step()
        assert_same_numbers(numbers(fitted), numbers(model))

    def test_no_step_is_longer_than_the_gradient_may_be(self):
        places = []

        def look(state):
            places.append(nn.utils.parameters_to_vector(state.model.parameters()).detach())

        te.manual_seed(0)
        model = network()
        start = nn.utils.parameters_to_vector(model.parameters()).detach()
        options = {"epochs": 1, "progress": False, "clip_norm": 0.01, "after_step": [look]}
        fit(
            model,
            F.cross_entropy,
            optim.SGD(model.parameters(), lr=1.0),
            DataLoader(clouds(), batch_size=16),
            **options,
        )
        lengths = [(new - old).norm().item() for old, new in zip([start, *places], places, strict=False)]
        assert lengths == pytest.approx([0.01] * 6, rel=1e-3)

    def test_an_average_of_the_weights_follows(self):
        te.manual_seed(0)
        model = network()
        averaged = optim.swa_utils.AveragedModel(model, multi_avg_fn=optim.swa_utils.get_ema_multi_avg_fn(0.5))
        wanted = None

        def by_hand(state):
            nonlocal wanted
            now = numbers(state.model)
            wanted = now if wanted is None else {name: 0.5 * wanted[name] + 0.5 * now[name] for name in now}

        follow = [lambda state: averaged.update_parameters(state.model), by_hand]
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        fit(model, F.cross_entropy, optimizer, DataLoader(clouds()), epochs=1, progress=False, after_step=follow)
        for name, value in numbers(averaged.module).items():
            numpy.testing.assert_allclose(value, wanted[name], rtol=1e-5, atol=1e-7)

    def test_no_step_waits_for_the_device(self, device):
        if device.type != "strict":
            pytest.skip("the strict stand-in is what counts synchronizations")
        from tinygrad_edu.backend.strict.counters import counters

        points, labels = clouds().tensors
        batches, waits = [(points[i : i + 4], labels[i : i + 4]) for i in range(0, 72, 4)], []

        def watched():
            for batch in batches:
                waits.append(counters.synchronizations)
                yield batch

        model = network().to(device)
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        average = optim.swa_utils.AveragedModel(model)
        after = [
            scheduling(optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=6)),
            lambda state: average.update_parameters(state.model),
        ]
        counters.reset()
        options = {"epochs": 1, "progress": False, "accumulate": 3, "clip_norm": 1.0, "after_step": after}
        fit(model, nn.CrossEntropyLoss(), optimizer, watched(), **options)
        assert set(waits) == {0}

    def test_settings_that_make_no_sense_are_refused(self):
        for options, kind, words in (
            ({"accumulate": 0}, ValueError, "wanted accumulate to be 1 or more batches for each step, got 0"),
            ({"accumulate": 2.0}, TypeError, "wanted accumulate to be an integer, got float"),
            ({"clip_norm": -1.0}, ValueError, r"wanted clip_norm to be a number of at least 0, got -1\.0"),
            ({"clip_norm": math.nan}, ValueError, "wanted clip_norm to be a number of at least 0, got nan"),
        ):
            with pytest.raises(kind, match=words):
                self.fitted(10, **options)


class TestNaN:
    """A loss that is not finite ends the training, and the message names the operation that began it."""

    def spoiled(self, model, batches, lr=0.1, **options):
        optimizer = optim.SGD(model.parameters(), lr=lr)
        with pytest.raises(FloatingPointError) as caught:
            fit(model, F.mse_loss, optimizer, batches, epochs=2, metrics={}, progress=False, **options)
        return str(caught.value)

    def test_a_nan_made_in_the_forward(self):
        class Logarithm(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(1, 1)

            def forward(self, x):
                return self.layer(x.log())

        ones = (te.ones(4, 1), te.zeros(4, 1))
        batches = [ones, ones, ones, (te.full((4, 1), -1.0), te.zeros(4, 1)), ones]
        message = self.spoiled(Logarithm(), batches)
        assert "the loss became nan at step 4 of epoch 1" in message
        assert "log" in message
        assert "detect_anomaly" in message
        assert "learning rate" in message

    def test_a_nan_made_in_the_backward_one_step_earlier(self):
        class Root(nn.Module):
            """√(w x) has an infinite derivative at 0, and 0 · ∞ is NaN: this loss is fine, the next one is not."""

            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(te.ones(1))

            def forward(self, x):
                return (self.weight * x).sqrt()

        batches = [(te.ones(4, 1), te.ones(4, 1)), (te.zeros(4, 1), te.ones(4, 1)), (te.ones(4, 1), te.ones(4, 1))]
        message = self.spoiled(Root(), batches)
        assert "became nan at step 3 of epoch 1" in message
        assert "mul" in message.lower()

    def test_a_nan_that_only_the_steps_before_it_lead_to(self):
        class Logarithm(nn.Module):
            """log w from w = 1: the first step takes w to 1 - 0.1 · 20 = -1, which has no logarithm."""

            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(te.ones(1))

            def forward(self, x):
                return (self.weight * x).log()

        batches = [(te.ones(4, 1), te.full((4, 1), -10.0))] * 5
        message = self.spoiled(Logarithm(), batches)
        assert "became nan at step 2 of epoch 1" in message
        assert "log" in message.replace("logarithm", "")

    def test_a_diverging_training_is_found_in_a_late_bundle_too(self):
        te.manual_seed(0)
        ones = (te.ones(4, 2), te.ones(4, 3))
        message = self.spoiled(network(), [ones] * 30 + [(te.full((4, 2), math.nan), te.ones(4, 3))] + [ones] * 30)
        assert "step 31 of epoch 1" in message
        assert "The inputs of that batch hold numbers that are not finite." in message

    def test_what_it_repeats_are_the_very_steps(self):
        """Accumulated, clipped, with another rate at each step: the repetition reaches the failing batch just so."""

        class Spy(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight, self.seen = nn.Parameter(te.ones(1)), []

            def forward(self, x):
                self.seen.append(self.weight.item())
                return (self.weight * x).log()

        model = Spy()
        optimizer = optim.SGD(model.parameters(), lr=1.0)
        rates = iter([0.5, 0.25, 0.125, 0.0625] * 9)
        batches = [(te.ones(4, 1), te.zeros(4, 1) - 1)] * 28 + [(-te.ones(4, 1), te.zeros(4, 1))]
        options = {"accumulate": 3, "clip_norm": 0.1, "metrics": {}, "progress": False}

        def another_rate(state):
            state.optimizer.param_groups[0]["lr"] = next(rates)

        with pytest.raises(FloatingPointError, match=r"became nan at step 29 of epoch 1\. log made NaN"):
            fit(model, F.mse_loss, optimizer, batches, epochs=1, after_step=[another_rate], **options)
        assert len(set(model.seen)) == 10
        assert model.seen[29:] == model.seen[21:29]  # the last look at the losses was after 21 batches, so 7 steps

    def test_a_loss_that_overflows(self, device):
        te.manual_seed(0)
        model = nn.Linear(2, 3).to(device)
        ones = (te.ones(4, 2), te.ones(4, 3))
        message = self.spoiled(model, [ones, (te.full((4, 2), 1e25), te.ones(4, 3)), ones])
        assert "became inf at step 2 of epoch 1" in message
        assert "overflowed to infinity" in message


class TestCallbacks:
    def test_are_called_after_each_epoch_in_order(self):
        calls = []
        trained(callbacks=[lambda state: calls.append(("a", state.epoch, state.step)), lambda state: calls.append("b")])
        assert calls == [("a", 1, 6), "b", ("a", 2, 12), "b", ("a", 3, 18), "b"]

    def test_one_that_sets_stop_ends_the_training(self):
        def enough(state):
            if state.epoch == 2:
                state.stop = "that is enough"

        assert len(trained(epochs=5, callbacks=[enough])[1]) == 2

    @pytest.mark.parametrize(
        ("losses", "stops_after"),
        [([3, 2, 2, 2], 4), ([3, 2, 2, 1, 1], None), ([3, 2, 2.5, 1.9, 2, 2], 6), ([1, 2, 3], 3)],
    )
    def test_early_stopping(self, losses, stops_after):
        stop, stopped = early_stopping("validation_loss", patience=2), None
        for epoch in range(1, len(losses) + 1):
            state = State(None, None, History({"validation_loss": losses[:epoch]}), epochs=9, epoch=epoch)
            stop(state)
            if state.stop is not None:
                stopped = epoch
                assert "validation_loss has not improved for 2 epochs" in state.stop
                break
        assert stopped == stops_after

    def test_early_stopping_on_the_largest(self):
        stop = early_stopping("validation_accuracy", patience=2, largest=True)
        state = State(None, None, History({"validation_accuracy": [0.5, 0.6, 0.6, 0.6]}), epochs=9, epoch=4)
        stop(state)
        assert state.stop is not None

    def test_early_stopping_wants_a_patience(self):
        with pytest.raises(ValueError, match="patience of 1 or more"):
            early_stopping(patience=0)

    def test_cosine_decay(self):
        rates = []
        trained(
            epochs=4, callbacks=[cosine_decay(0.1), lambda state: rates.append(state.optimizer.param_groups[0]["lr"])]
        )
        assert rates == pytest.approx([0.1 * (1 + math.cos(math.pi * part)) / 2 for part in (0.25, 0.5, 0.75, 1)])

    def test_a_schedule_steps_after_each_epoch_or_after_each_batch(self):
        def rates(make, where):
            te.manual_seed(0)
            model, found = network(), []
            optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
            schedule = make(optimizer)
            found.append(optimizer.param_groups[0]["lr"])
            calls = [scheduling(schedule, "loss"), lambda state: found.append(optimizer.param_groups[0]["lr"])]
            loader = DataLoader(clouds(), batch_size=48)
            fit(model, F.cross_entropy, optimizer, loader, epochs=3, progress=False, **{where: calls})
            return found

        schedules = optim.lr_scheduler
        assert rates(lambda o: schedules.ExponentialLR(o, 0.5), "callbacks") == [0.1, 0.05, 0.025, 0.0125]
        found = rates(lambda o: schedules.LinearLR(o, 0.2, total_iters=4), "after_step")
        assert found == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.1])
        plateau = rates(lambda o: schedules.ReduceLROnPlateau(o, "max", 0.5, patience=0), "callbacks")
        assert plateau == [0.1, 0.1, 0.05, 0.025]  # the loss falls, which is no better for "max"

    def test_checkpointing_every_second_epoch_and_the_last(self, tmp_path):
        pytest.importorskip("safetensors", reason="the checkpoint's format")
        path, found = tmp_path / "c.safetensors", []
        look = lambda state: found.append(load_checkpoint(path).epoch if path.exists() else None)  # noqa: E731
        trained(epochs=5, callbacks=[checkpointing(path, every=2), look])
        assert found == [None, 2, 2, 4, 5]

    def test_checkpointing_the_best(self, tmp_path):
        pytest.importorskip("safetensors", reason="the checkpoint's format")
        path, model = tmp_path / "c.safetensors", network()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        save, losses = checkpointing(path, best="loss"), [3.0, 1.0, 2.0]
        for epoch in range(1, 4):
            save(State(model, optimizer, History({"loss": losses[:epoch]}), epochs=3, epoch=epoch))
        assert load_checkpoint(path).epoch == 2


class TestResuming:
    @pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW, optim.Adagrad, optim.RMSprop])
    def test_a_resumed_run_equals_an_uninterrupted_one(self, tmp_path, kind):
        pytest.importorskip("safetensors", reason="the checkpoint's format")
        path = tmp_path / "c.safetensors"

        def begin():
            te.manual_seed(5)
            model = network(dropout=0.3)
            return model, kind(model.parameters(), lr=0.02), DataLoader(clouds(), batch_size=16, shuffle=True)

        def go_on(model, optimizer, loader, epochs, **options):
            held_out = DataLoader(clouds(seed=1), batch_size=16)
            return fit(
                model,
                nn.CrossEntropyLoss(),
                optimizer,
                loader,
                validation_loader=held_out,
                epochs=epochs,
                callbacks=[checkpointing(path)],
                progress=False,
                **options,
            )

        whole, optimizer, loader = begin()
        whole_history = go_on(whole, optimizer, loader, 4)
        whole_bytes = path.read_bytes()

        first, optimizer, loader = begin()
        go_on(first, optimizer, loader, 2)
        default_generator.seed()  # another process would start anywhere
        te.manual_seed(77)
        second, optimizer = network(dropout=0.3), None
        optimizer = kind(second.parameters(), lr=0.02)
        loaded = load_checkpoint(path, second, optimizer)
        history = go_on(second, optimizer, loader, 4, start_epoch=loaded.epoch, history=History(loaded.history))
        assert_same_numbers(numbers(whole), numbers(second))
        assert history == whole_history
        assert path.read_bytes() == whole_bytes

    @pytest.mark.parametrize("name", SCHEDULES)
    def test_a_run_that_was_killed_goes_on_with_its_schedule(self, tmp_path, name):
        pytest.importorskip("safetensors", reason="the checkpoint's format")
        path = tmp_path / "c.safetensors"
        where, make = SCHEDULES[name]

        class Killed(BaseException):
            pass

        def run(resumed=False, killed_at=None):
            te.manual_seed(70 if resumed else 5)
            model = network(dropout=0.3)
            optimizer = optim.Adam(model.parameters(), lr=0.02)
            schedule, state, rates = make(optim.lr_scheduler, optimizer), {}, []
            if resumed:
                loaded = load_checkpoint(path, model, optimizer, schedule=schedule)
                state = {"start_epoch": loaded.epoch, "history": History(loaded.history)}

            def look(now):
                rates.append((now.step, optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"]))
                if now.step == killed_at:
                    raise Killed

            calls = {"after_step": [look], "callbacks": []}
            calls[where] = [scheduling(schedule), *calls[where]]
            calls["callbacks"].append(checkpointing(path, schedule=schedule))
            loader = DataLoader(clouds(), batch_size=16, shuffle=True)
            held_out = DataLoader(clouds(seed=1), batch_size=48)
            options = {"validation_loader": held_out, "epochs": 4, "progress": False, "accumulate": 1, "clip_norm": 1.0}
            fit(model, F.cross_entropy, optimizer, loader, **options, **calls, **state)
            return numbers(model), rates

        weights, rates = run()
        whole = path.read_bytes()
        with pytest.raises(Killed):
            run(killed_at=15)  # in the third epoch: the checkpoint is of the second
        default_generator.seed()
        found, after = run(resumed=True)
        assert_same_numbers(found, weights)
        assert after == rates[12:]
        assert path.read_bytes() == whole


class TestHistory:
    def test_rows_and_columns(self):
        history = History()
        history.append({"loss": 2.0, "accuracy": 0.5})
        history.append({"loss": 1.0, "accuracy": 0.75})
        assert len(history) == 2
        assert history["loss"] == [2.0, 1.0]
        assert "accuracy" in history
        assert History(history.to_dict()) == history
        with pytest.raises(KeyError, match="no 'speed' in this history"):
            history["speed"]
        with pytest.raises(ValueError, match="wanted the numbers"):
            history.append({"loss": 1.0})
        with pytest.raises(ValueError, match="one length"):
            History({"loss": [1.0], "accuracy": []})

    @pytest.mark.parametrize("suffix", ["png", "svg"])
    def test_plot(self, tmp_path, suffix):
        pytest.importorskip("matplotlib", reason="draws the plot")
        path = tmp_path / f"curves.{suffix}"
        history = History({"loss": [2.0, 1.0], "accuracy": [0.5, 0.75], "validation_loss": [3.0, 2.0]})
        figure = history.plot(path)
        assert path.stat().st_size > 1000
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "accuracy"]
        training, validation = figure.axes[0].lines
        assert list(training.get_ydata()) == [2.0, 1.0]
        assert list(validation.get_ydata()) == [3.0, 2.0]
        assert training.get_linestyle() != validation.get_linestyle()  # not told apart by color alone

    def test_an_empty_one_cannot_be_plotted(self):
        pytest.importorskip("matplotlib", reason="draws the plot")
        with pytest.raises(ValueError, match="no epoch to plot"):
            History().plot()


class TestMetrics:
    def test_accuracy(self, device):
        outputs = te.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [1.0, 0.0]]).to(device)
        assert accuracy(outputs, te.tensor([0, 1, 1, 0]).to(device)).item() == 0.75
        assert accuracy(outputs, te.tensor([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]]).to(device)).item() == 0.75

    def test_the_meter_takes_python_numbers_too(self):
        meter = Meter()
        meter.add(3, {"value": 2.0})
        meter.add(1, {"value": 6.0})
        assert meter.means() == {"value": 3.0}
