"""Learning rate schedules: their closed forms, saving and going on, the order of the calls, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import math
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as te
from tinygrad_edu import nn, optim
from tinygrad_edu.checkpoint.tree import put_together, take_apart
from tinygrad_edu.optim import lr_scheduler as lr

_spec = importlib.util.spec_from_file_location("schedules_table", Path(__file__).with_name("table.py"))
table = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(table)
LIBRARY = SimpleNamespace(**vars(lr), SWALR=optim.swa_utils.SWALR)


def made(*rates, kind=optim.SGD, **options):
    """An optimizer with one parameter group for each rate."""
    return kind([{"params": [nn.Parameter(te.ones(1))], "lr": rate} for rate in rates or (1.0,)], **options)


def rates_of(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


def course(optimizer, schedule, steps):
    """The rate of the first group, at first and after each step."""
    found = [rates_of(optimizer)[0]]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        found.append(rates_of(optimizer)[0])
    return found


# ------------------------------------------------------------------------------------------------------------ formulas
CLOSED = {
    "StepLR": (lambda o: lr.StepLR(o, 3, 0.5), lambda t: 0.5 ** (t // 3)),
    "MultiStepLR": (lambda o: lr.MultiStepLR(o, [2, 5, 5], 0.5), lambda t: 0.5 ** ((t >= 2) + 2 * (t >= 5))),
    "ConstantLR": (lambda o: lr.ConstantLR(o, 0.2, 6), lambda t: 0.2 if t < 6 else 1),
    "LinearLR": (lambda o: lr.LinearLR(o, 0.1, 0.7, 8), lambda t: 0.1 + 0.6 * min(t / 8, 1)),
    "ExponentialLR": (lambda o: lr.ExponentialLR(o, 0.9), lambda t: 0.9**t),
    "PolynomialLR": (lambda o: lr.PolynomialLR(o, 9, 1.5), lambda t: (1 - min(t / 9, 1)) ** 1.5),
    "CosineAnnealingLR": (
        lambda o: lr.CosineAnnealingLR(o, 7, 0.1),
        lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * t / 7)) / 2,
    ),
    "CosineAnnealingWarmRestarts": (
        lambda o: lr.CosineAnnealingWarmRestarts(o, 2, 2, 0.1),
        lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * ((t + 2) / 2 ** int(math.log2(t + 2)) - 1))) / 2,
    ),
    "LambdaLR": (lambda o: lr.LambdaLR(o, lambda t: 1 / (1 + t)), lambda t: 1 / (1 + t)),
    "MultiplicativeLR": (lambda o: lr.MultiplicativeLR(o, lambda t: t), math.factorial),
    "CyclicLR": (
        lambda o: lr.CyclicLR(o, 1.0, 3.0, 2, 3, cycle_momentum=False),
        lambda t: [1, 2, 3, 7 / 3, 5 / 3][t % 5],
    ),
}


@pytest.mark.parametrize("name", CLOSED)
def test_the_steps_follow_the_closed_form(name):
    make, formula = CLOSED[name]
    optimizer = made(1.0)
    found = course(optimizer, make(optimizer), 20)
    numpy.testing.assert_allclose(found, [formula(t) for t in range(21)], rtol=1e-12, atol=1e-14)


@settings(max_examples=40, deadline=None)
@given(
    chosen=st.lists(st.sampled_from(list(CLOSED)[:6]), min_size=1, max_size=4, unique=True),
    base=st.floats(0.01, 10.0),
)
def test_factors_of_chained_schedules_multiply(chosen, base):
    optimizer = made(base)
    schedule = lr.ChainedScheduler([CLOSED[name][0](optimizer) for name in chosen])
    wanted = [base * math.prod(CLOSED[name][1](t) for name in chosen) for t in range(13)]
    numpy.testing.assert_allclose(course(optimizer, schedule, 12), wanted, rtol=1e-11, atol=1e-14)


def test_one_cycle_goes_through_its_points_and_keeps_the_last_rate():
    optimizer = made(9.0, momentum=0.5)
    schedule = lr.OneCycleLR(optimizer, 1.0, total_steps=21, pct_start=1 / 3, div_factor=10, final_div_factor=100)
    found, momenta = [], []
    for step in range(22):
        found.append(rates_of(optimizer)[0])
        momenta.append(optimizer.param_groups[0]["momentum"])
        if step < 21:
            optimizer.step()
            schedule.step()
    assert [found[i] for i in (0, 3, 6, 13, 20, 21)] == pytest.approx([0.1, 0.55, 1.0, 0.5005, 0.001, 0.001])
    assert [momenta[i] for i in (0, 3, 6, 13, 20)] == pytest.approx([0.95, 0.9, 0.85, 0.9, 0.95])
    with pytest.raises(ValueError, match=r"Tried to step 22 times. The specified number of total steps is 21: give"):
        schedule.step()


def test_warm_up_and_then_a_cosine():
    optimizer = made(0.5)
    warm_up = lr.LinearLR(optimizer, start_factor=0.2, total_iters=4)
    schedule = lr.SequentialLR(optimizer, [warm_up, lr.CosineAnnealingLR(optimizer, 6)], milestones=[4])
    wanted = [0.1, 0.2, 0.3, 0.4] + [0.25 * (1 + math.cos(math.pi * t / 6)) for t in range(7)]
    assert course(optimizer, schedule, 10) == pytest.approx(wanted)


def test_sequences_may_hold_sequences_and_chains():
    optimizer = made(1.0)
    inner = lr.SequentialLR(optimizer, [lr.ConstantLR(optimizer, 0.5, 9), lr.ConstantLR(optimizer, 0.25, 9)], [2])
    chain = lr.ChainedScheduler([lr.ExponentialLR(optimizer, 0.5), lr.ConstantLR(optimizer, 0.125, 9)])
    schedule = lr.SequentialLR(optimizer, [lr.StepLR(optimizer, 1), inner, chain], milestones=[2, 6])
    assert course(optimizer, schedule, 8) == pytest.approx([1, 0.1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.0625, 0.03125])


def test_a_warm_up_of_no_length_leaves_the_rate_as_it_is():
    optimizer = made(1.0)
    assert course(optimizer, lr.LinearLR(optimizer, 0.1, total_iters=0), 3) == [1.0] * 4
    optimizer = made(1.0)
    assert course(optimizer, lr.ConstantLR(optimizer, 0.1, total_iters=0), 3) == [1.0] * 4


def test_the_other_beta_stays_as_it_is():
    optimizer = made(0.1, kind=optim.Adam, betas=(0.9, 0.99))
    lr.OneCycleLR(optimizer, 1.0, total_steps=9)
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.99)


def test_a_cycle_begins_at_its_own_rate_whatever_came_before():
    optimizer = made(1.0)
    lr.StepLR(optimizer, 2)
    assert course(optimizer, lr.CyclicLR(optimizer, 0.1, 0.3, 2, cycle_momentum=False), 4)[1:] == pytest.approx(
        [0.2, 0.3, 0.2, 0.1]
    )


def test_each_group_starts_from_its_own_rate_which_it_remembers():
    optimizer = made(1.0, 0.1)
    schedule = lr.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == rates_of(optimizer) == [0.5, 0.05]
    assert schedule.base_lrs == [group["initial_lr"] for group in optimizer.param_groups] == [1.0, 0.1]
    assert schedule.last_epoch == 1
    schedule.get_last_lr()[0] = 7.0
    assert schedule.get_last_lr() == [0.5, 0.05]


def test_a_schedule_of_ones_own_writes_get_lr():
    class Halves(lr.LRScheduler):
        def get_lr(self):
            return [base / 2**self.last_epoch for base in self.base_lrs]

    optimizer = made(8.0)
    assert course(optimizer, Halves(optimizer), 3) == [8.0, 4.0, 2.0, 1.0]
    with pytest.raises(NotImplementedError, match="LRScheduler is missing the required method get_lr"):
        lr.LRScheduler(optimizer)


def test_a_plateau_is_noticed_in_tensors_too():
    optimizer = made(1.0)
    schedule = lr.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for loss in (3.0, 2.0, 2.0, 1.0, 1.0):
        schedule.step(te.tensor(loss))
    assert schedule.get_last_lr() == [0.25]
    assert schedule.last_epoch == 5
    assert schedule.best == 1.0


# -------------------------------------------------------------------------------------------------- saving and going on
def begun(case):
    params = [nn.Parameter(te.ones(1)) for _ in case.rates]
    groups = [{"params": [parameter], "lr": rate} for parameter, rate in zip(params, case.rates, strict=True)]
    optimizer = case.optimizer(optim, groups)
    return optimizer, case.make(LIBRARY, optimizer)


def followed(case, optimizer, schedule, steps):
    found = []
    for step in steps:
        optimizer.step()
        schedule.step(*([] if case.moments is None else [case.moments[step]]))
        found.append(json.dumps([{**group, "params": 0} for group in optimizer.param_groups]))
    return found


@pytest.mark.parametrize("case", table.SCHEDULES, ids=lambda case: case.id)
def test_a_saved_and_loaded_schedule_goes_on_exactly_where_it_was(case):
    """Through JSON, as a checkpoint keeps it; into a new schedule of a new optimizer."""
    whole = followed(case, *begun(case), range(18))
    optimizer, schedule = begun(case)
    assert followed(case, optimizer, schedule, range(7)) == whole[:7]
    saved = json.loads(json.dumps(take_apart(schedule.state_dict(), "", {})))
    other, fresh = begun(case)
    fresh.load_state_dict(put_together(saved, {}))
    other.load_state_dict(optimizer.state_dict())
    other.has_stepped = True
    assert fresh.get_last_lr() == rates_of(other)
    assert followed(case, other, fresh, range(7, 18)) == whole[7:]
    assert followed(case, optimizer, schedule, range(7, 18)) == whole[7:]  # nothing is shared


ALIKE = [case for case in table.SCHEDULES if case.name not in ("OneCycleLR", "CyclicLR", "SequentialLR")]


@pytest.mark.parametrize("case", ALIKE, ids=lambda case: case.id)
def test_pytorchs_schedule_is_continued_from(case):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    params = [torch.nn.Parameter(torch.ones(1)) for _ in case.rates]
    groups = [{"params": [parameter], "lr": rate} for parameter, rate in zip(params, case.rates, strict=True)]
    there = SimpleNamespace(**vars(torch.optim.lr_scheduler), SWALR=torch.optim.swa_utils.SWALR)
    theirs = case.optimizer(torch.optim, groups)
    other = case.make(there, theirs)
    optimizer, schedule = begun(case)
    for step in range(18):
        if step == 7:
            state = {name: value for name, value in other.state_dict().items() if not callable(value)}
            schedule.load_state_dict(state)
            for group, known in zip(optimizer.param_groups, theirs.param_groups, strict=True):
                group["lr"] = known["lr"]
        moment = [] if case.moments is None else [case.moments[step]]
        for each, its in ((theirs, other), (optimizer, schedule)):
            if each is theirs or step >= 7:
                each.step()
                its.step(*moment)
        if step >= 7:
            assert rates_of(optimizer) == pytest.approx([group["lr"] for group in theirs.param_groups], rel=1e-12)


def test_a_state_is_not_shared_with_the_schedule():
    schedule = lr.MultiStepLR(made(1.0), [2, 4])
    state = schedule.state_dict()
    state["milestones"].append(9)
    assert schedule.milestones == [2, 4]
    schedule.load_state_dict(state)
    state["milestones"].append(11)
    assert schedule.milestones == [2, 4, 9]


def test_a_callable_object_is_saved_and_a_function_is_not():
    class Shrinking:
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, epoch):
            return self.rate**epoch

    schedule = lr.LambdaLR(made(1.0, 1.0), [Shrinking(0.5), lambda epoch: 0.1])
    state = schedule.state_dict()
    assert state["lr_lambdas"] == [{"rate": 0.5}, None]
    fresh = lr.LambdaLR(made(1.0, 1.0), [Shrinking(0.9), lambda epoch: 0.1])
    fresh.load_state_dict(state)
    assert fresh.lr_lambdas[0].rate == 0.5
    fresh.optimizer.step()
    fresh.step()
    assert fresh.get_last_lr() == [0.5, 0.1]
    assert lr.LambdaLR(made(1.0), math.exp).state_dict()["lr_lambdas"] == [None]


def test_the_state_of_another_schedule_is_refused_and_changes_nothing():
    schedules = {
        "StepLR": lambda o: lr.StepLR(o, 2),
        "ExponentialLR": lambda o: lr.ExponentialLR(o, 0.9),
        "CosineAnnealingLR": lambda o: lr.CosineAnnealingLR(o, 9),
        "ReduceLROnPlateau": lambda o: lr.ReduceLROnPlateau(o),
        "ChainedScheduler": lambda o: lr.ChainedScheduler([lr.StepLR(o, 2)]),
        "SequentialLR": lambda o: lr.SequentialLR(o, [lr.StepLR(o, 2)], []),
    }
    states = {name: make(made(0.5)).state_dict() for name, make in schedules.items()}
    for name, make in schedules.items():
        schedule = make(made(0.5))
        before = schedule.state_dict()
        for other, state in states.items():
            if other != name:
                with pytest.raises(ValueError, match=f"this is not the state of a {name}: missing .* another kind"):
                    schedule.load_state_dict(state)
        assert schedule.state_dict() == before
    with pytest.raises(TypeError, match=r"StepLR wanted a dictionary, as its state_dict\(\) returns it, got list"):
        schedules["StepLR"](made(0.5)).load_state_dict([])
    with pytest.raises(ValueError, match="state of a StepLR is for 2 parameter groups, the optimizer has 1"):
        schedules["StepLR"](made(0.5)).load_state_dict(schedules["StepLR"](made(0.5, 0.1)).state_dict())
    chain = lr.ChainedScheduler([(step := lr.StepLR(o := made(0.5), 2)), lr.ExponentialLR(o, 0.9)])
    step.optimizer.step()
    chain.step()
    before = chain.state_dict()
    with pytest.raises(ValueError, match="ChainedScheduler is for 1 schedules, it has 2"):
        chain.load_state_dict(states["ChainedScheduler"])
    other = lr.ChainedScheduler([lr.StepLR(o := made(0.5), 3), lr.StepLR(o, 3)]).state_dict()
    with pytest.raises(ValueError, match="this is not the state of a ExponentialLR"):
        chain.load_state_dict(other)
    assert chain.state_dict() == before


# ----------------------------------------------------------------------------------------------- the order of the calls
@pytest.mark.parametrize(
    "make",
    [
        lambda o: lr.StepLR(o, 2),
        lambda o: lr.SequentialLR(o, [lr.ConstantLR(o), lr.StepLR(o, 2)], [3]),
        lambda o: lr.ChainedScheduler([lr.StepLR(o, 2)]),
    ],
)
def test_a_schedule_that_is_stepped_before_the_optimizer_warns_once(make):
    optimizer = made(1.0)
    schedule = make(optimizer)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`: the first"):
        schedule.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schedule.step()
        optimizer = made(1.0)
        schedule = make(optimizer)
        optimizer.step()
        schedule.step()


def test_an_optimizer_with_a_step_of_its_own_is_not_suspected():
    class Own(optim.SGD):
        def step(self, closure=None):
            return None

    lr.StepLR(made(1.0, kind=Own), 2).step()


# --------------------------------------------------------------------------------------------------------------- errors
MAKERS = {
    "StepLR": lambda o: lr.StepLR(o, 2),
    "LambdaLR": lambda o: lr.LambdaLR(o, lambda t: 1.0),
    "OneCycleLR": lambda o: lr.OneCycleLR(o, 0.1, 10),
    "CyclicLR": lambda o: lr.CyclicLR(o, 0.1, 0.2),
    "ReduceLROnPlateau": lambda o: lr.ReduceLROnPlateau(o),
    "SequentialLR": lambda o: lr.SequentialLR(o, [lr.StepLR(made(), 2)], []),
    "CosineAnnealingWarmRestarts": lambda o: lr.CosineAnnealingWarmRestarts(o, 2),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_schedule_wants_an_optimizer(name):
    with pytest.raises(TypeError, match=r"Linear is not an Optimizer: wanted the optimizer whose learning rate"):
        MAKERS[name](nn.Linear(1, 1))


NAN, adam = float("nan"), lambda: made(1.0, kind=optim.Adam)
BAD = {
    "gamma -1": (lambda o: lr.StepLR(o, 2, gamma=-1.0), "wanted gamma to be a number of at least 0, got -1.0"),
    "gamma NaN": (lambda o: lr.ExponentialLR(o, NAN), "wanted gamma to be a number of at least 0, got nan"),
    "gamma inf": (lambda o: lr.MultiStepLR(o, [1], math.inf), "wanted gamma to be a number of at least 0, got inf"),
    "step_size 0": (lambda o: lr.StepLR(o, 0), "wanted step_size to be an integer of at least 1, got 0"),
    "milestones": (lambda o: lr.MultiStepLR(o, [5, 3]), r"should be a list of increasing integers, got \[5, 3\]"),
    "milestone -1": (lambda o: lr.MultiStepLR(o, [-1]), "every milestone to be an integer of at least 0, got -1"),
    "factor 2": (lambda o: lr.ConstantLR(o, 2.0), "multiplicative factor expected to be between 0 and 1, got 2.0"),
    "factor NaN": (lambda o: lr.ConstantLR(o, NAN), "multiplicative factor expected to be between 0 and 1, got nan"),
    "total_iters": (lambda o: lr.ConstantLR(o, total_iters=-1), "wanted total_iters to be an integer of at least 0"),
    "start_factor 0": (lambda o: lr.LinearLR(o, 0.0), "greater than 0 and less or equal to 1, got 0.0"),
    "end_factor": (
        lambda o: lr.LinearLR(o, end_factor=1.5),
        "Ending multiplicative factor .* between 0 and 1, got 1.5",
    ),
    "polynomial": (lambda o: lr.PolynomialLR(o, 0), "wanted total_iters to be an integer of at least 1, got 0"),
    "power": (lambda o: lr.PolynomialLR(o, 2, -1.0), "wanted power to be a number of at least 0, got -1.0"),
    "T_max": (lambda o: lr.CosineAnnealingLR(o, 0), "wanted T_max to be an integer of at least 1, got 0"),
    "eta_min": (lambda o: lr.CosineAnnealingLR(o, 2, -0.1), "wanted eta_min to be a number of at least 0, got -0.1"),
    "T_0": (lambda o: lr.CosineAnnealingWarmRestarts(o, 0), "Expected positive integer T_0, but got 0"),
    "T_mult": (lambda o: lr.CosineAnnealingWarmRestarts(o, 1, 1.5), "Expected positive integer T_mult, but got 1.5"),
    "epoch": (lambda o: lr.CosineAnnealingWarmRestarts(o, 1).step(-1), "epoch to be a number of at least 0, got -1"),
    "no total": (lambda o: lr.OneCycleLR(o, 0.1, epochs=3), r"total_steps OR \(epochs AND steps_per_epoch\)"),
    "total 0": (lambda o: lr.OneCycleLR(o, 0.1, 0), "Expected positive integer total_steps, but got 0"),
    "epochs": (lambda o: lr.OneCycleLR(o, 0.1, None, -1, 5), "Expected positive integer epochs, but got -1"),
    "pct_start": (lambda o: lr.OneCycleLR(o, 0.1, 9, pct_start=1.5), "between 0 and 1 pct_start, but got 1.5"),
    "three phases": (
        lambda o: lr.OneCycleLR(o, 0.1, 9, pct_start=0.6, three_phase=True),
        "way up and the way down take pct_start each, so wanted at most 0.5, got 0.6",
    ),
    "anneal": (
        lambda o: lr.OneCycleLR(o, 0.1, 9, anneal_strategy="exp"),
        "one of 'cos' or 'linear', instead got 'exp'",
    ),
    "div_factor": (lambda o: lr.OneCycleLR(o, 0.1, 9, div_factor=0), "div_factor and final_div_factor above 0, got 0"),
    "max_lr": (lambda o: lr.OneCycleLR(o, -0.1, 9), "wanted max_lr to be a number of at least 0, got -0.1"),
    "max_lrs": (
        lambda o: lr.OneCycleLR(o, [0.1, 0.2], 9),
        "max_lr must have the same length as .* wanted 1 values, got 2",
    ),
    "no momentum": (
        lambda o: lr.OneCycleLR(made(kind=optim.Adagrad), 0.1, 9),
        "must support momentum or beta1 .* Adagrad",
    ),
    "cyclic mode": (
        lambda o: lr.CyclicLR(o, 0.1, 0.2, mode="square"),
        "mode is invalid and scale_fn is None: .*'square'",
    ),
    "scale_mode": (lambda o: lr.CyclicLR(o, 0.1, 0.2, scale_fn=abs, scale_mode="x"), "scale_mode to be 'cycle' or"),
    "base_lr": (lambda o: lr.CyclicLR(o, NAN, 0.2), "wanted base_lr to be a number of at least 0, got nan"),
    "step_size_up": (
        lambda o: lr.CyclicLR(o, 0.1, 0.2, 0),
        "wanted step_size_up to be an integer of at least 1, got 0",
    ),
    "plateau mode": (lambda o: lr.ReduceLROnPlateau(o, "low"), "mode low is unknown! Wanted 'min' or 'max'"),
    "threshold mode": (lambda o: lr.ReduceLROnPlateau(o, threshold_mode="x"), "threshold mode x is unknown!"),
    "plateau factor": (
        lambda o: lr.ReduceLROnPlateau(o, factor=1.0),
        "Factor should be < 1.0, and at least 0, got 1.0",
    ),
    "patience": (
        lambda o: lr.ReduceLROnPlateau(o, patience=-1),
        "wanted patience to be an integer of at least 0, got -1",
    ),
    "min_lr": (lambda o: lr.ReduceLROnPlateau(o, min_lr=-1.0), "wanted min_lr to be a number of at least 0, got -1.0"),
    "no parts": (lambda o: lr.SequentialLR(o, [], []), "expects at least one scheduler, but got no scheduler"),
    "no chain": (lambda o: lr.ChainedScheduler([]), "expects at least one scheduler, but got no scheduler"),
    "parts": (lambda o: lr.SequentialLR(o, [lr.StepLR(o, 2)], [3]), "got 1 schedulers and 1 milestones"),
    "order": (lambda o: lr.SequentialLR(o, [lr.StepLR(o, 2)] * 3, [3, 1]), r"increasing integers, got \[3, 1\]"),
    "plateau in": (lambda o: lr.SequentialLR(o, [lr.ReduceLROnPlateau(o)], []), "does not support `ReduceLROnPlateau`"),
    "another's": (lambda o: lr.SequentialLR(o, [lr.StepLR(made(), 2)], []), "same optimizer, but the one at index 0"),
    "chained": (lambda o: lr.ChainedScheduler([lr.StepLR(o, 2), lr.StepLR(made(), 2)]), "same optimizer, .* index 1"),
    "last_epoch": (lambda o: lr.SequentialLR(o, [lr.StepLR(o, 2)], [], 3), "is resumed by load_state_dict: wanted"),
    "not begun": (lambda o: lr.StepLR(o, 2, last_epoch=3), r"'initial_lr' is not specified in param_groups\[0\]"),
    "lambdas": (lambda o: lr.LambdaLR(o, [abs, abs]), "lr_lambda must have the same length .* wanted 1 values, got 2"),
    "swa_lr": (lambda o: optim.swa_utils.SWALR(o, -1.0), "wanted swa_lr to be a number of at least 0, got -1.0"),
    "swa strategy": (lambda o: optim.swa_utils.SWALR(o, 0.1, 5, "sin"), "one of 'cos' or 'linear', instead got 'sin'"),
    "swa epochs": (lambda o: optim.swa_utils.SWALR(o, 0.1, -5), "anneal_epochs to be an integer of at least 0, got -5"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_schedule_says_what_is_wrong(name):
    call, words = BAD[name]
    with pytest.raises(ValueError, match=words):
        call(made(0.5, momentum=0.9))


def test_what_is_of_the_wrong_kind_is_refused():
    for call, words in (
        (lambda o: lr.StepLR(o, 2.0), "wanted step_size to be an integer, got float: 2.0"),
        (lambda o: lr.StepLR(o, 2, "small"), "wanted gamma to be a number, got str: 'small'"),
        (lambda o: lr.MultiStepLR(o, [1.5]), "wanted every milestone to be an integer, got float: 1.5"),
        (lambda o: lr.LambdaLR(o, 0.5), "lr_lambda should be a function, but got float"),
        (lambda o: lr.MultiplicativeLR(o, 0.5), "lr_lambda should be a function, but got float"),
        (lambda o: lr.SequentialLR(o, [o], []), "SequentialLR wanted schedulers, got SGD at index 0"),
        (lambda o: lr.ChainedScheduler([o]), "ChainedScheduler wanted schedulers, got SGD at index 0"),
        (lambda o: lr.ReduceLROnPlateau(o).step([1.0]), "step wanted what was measured, as one number, got list"),
    ):
        with pytest.raises(TypeError, match=words):
            call(made(0.5))


def test_a_factor_of_zero_cannot_be_multiplied_away():
    optimizer = made(1.0)
    schedule = lr.ConstantLR(optimizer, factor=0.0, total_iters=2)
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.0]
    with pytest.raises(ValueError, match=r"ConstantLR cannot come back from a factor of 0 to 1, .* such as 1e-3"):
        schedule.step()


def test_a_group_that_came_later_is_noticed():
    for make in (
        lambda o: lr.LambdaLR(o, lambda t: 1.0),
        lambda o: lr.CosineAnnealingWarmRestarts(o, 4),
        lambda o: lr.ReduceLROnPlateau(o, patience=0),
    ):
        optimizer = made(1.0)
        schedule = make(optimizer)
        optimizer.add_param_group({"params": [nn.Parameter(te.ones(1))]})
        optimizer.step()
        moment = [math.nan] if isinstance(schedule, lr.ReduceLROnPlateau) else []
        with pytest.raises(ValueError, match="has rates for 1 parameter groups, but the optimizer has 2 now"):
            schedule.step(*moment)


def test_a_warm_up_that_is_cut_off_is_pointed_out():
    optimizer = made(1.0)
    parts = [lr.LinearLR(optimizer, total_iters=10), lr.StepLR(optimizer, 2)]
    with pytest.warns(UserWarning, match=r"LinearLR takes 10 epochs, but the next .* after 6: the rate will jump"):
        lr.SequentialLR(optimizer, parts, milestones=[6])
