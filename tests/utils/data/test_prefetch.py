"""Batches made ahead in a thread: the same ones, the same random numbers, errors where they belong, nothing left."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import tinygrad_edu as te
from tinygrad_edu.backend import Generator, default_generator, draw_observers
from tinygrad_edu.engine import is_grad_enabled
from tinygrad_edu.utils.data import DataLoader, Dataset, Sampler


class Noisy(Dataset):
    """sample i = i + a random number from `generator` (the default one if None)"""

    def __init__(self, size: int = 9, generator: Generator | None = None) -> None:
        self.size, self.generator = size, generator
        self.made: list[int] = []

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Any:
        self.made.append(index)
        return index + te.rand(2, generator=self.generator)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "DataLoader"]


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    gc.collect()
    assert threads() == []
    assert draw_observers == []


def numbers(loader: DataLoader, *, stop: int | None = None) -> list[Any]:
    """What a training loop would see that draws random numbers itself; and the streams' next numbers afterwards."""
    seen = []
    for count, batch in enumerate(loader):
        if count == stop:
            break
        seen += [batch.tolist(), te.rand(3).tolist()]
        if random.random() < 0.3:
            time.sleep(0.002)  # sometimes the thread is faster, sometimes the loop
    return [*seen, te.rand(2).tolist()]


def run(shared: bool, stop: int | None, **options: Any) -> list[Any]:
    te.manual_seed(3)
    own = Generator().manual_seed(4)
    data = Noisy(generator=None if shared else own)
    loader = DataLoader(data, 2, shuffle=True, generator=None if shared else own, **options)
    seen = [numbers(loader, stop=stop) for _ in range(2)]
    return [seen, own.numpy.random()]


@given(
    shared=some.booleans(),
    stop=some.none() | some.integers(0, 5),
    workers=some.integers(1, 3),
    ahead=some.none() | some.integers(0, 7),
)
@settings(max_examples=30, deadline=None)
def test_every_number_is_the_same_bit_for_bit(shared: bool, stop: int | None, workers: int, ahead: int | None) -> None:
    expected = run(shared, stop)
    assert run(shared, stop, num_workers=workers, prefetch_factor=ahead) == expected


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.mark.parametrize(("ahead", "samples"), [(None, 6), (1, 4), (0, 2), (9, 9)])
def test_so_many_batches_are_made_ahead_and_no_more(ahead: int | None, samples: int) -> None:
    own = Generator().manual_seed(0)
    data = Noisy(generator=own)
    batches = iter(DataLoader(data, 2, num_workers=1, prefetch_factor=ahead, generator=own))
    assert data.made == []
    next(batches)
    wait_for(lambda: len(data.made) == samples)
    time.sleep(0.02)
    assert data.made == list(range(samples))


def test_what_is_drawn_from_a_shared_stream_waits_for_its_turn() -> None:
    data = Noisy()
    batches = iter(DataLoader(data, 2, num_workers=1))
    next(batches)
    wait_for(lambda: len(data.made) == 3)  # begun, but the number is not drawn
    state = default_generator.get_state()
    time.sleep(0.02)
    assert default_generator.get_state() == state
    assert len(data.made) == 3
    next(batches)
    assert default_generator.get_state() != state


def test_it_is_another_thread_and_what_holds_in_the_loop_holds_there() -> None:
    class Looking(Noisy):
        def __getitem__(self, index: int) -> Any:
            return threading.get_ident(), is_grad_enabled(), numpy.geterr()["over"]

    here = threading.get_ident()
    with te.no_grad(), numpy.errstate(over="raise"):
        for worker, recording, over in DataLoader(Looking(), 1, num_workers=1, collate_fn=lambda one: one[0]):
            assert worker != here
            assert recording is False
            assert over == "raise"
    loader = DataLoader(Looking(), num_workers=1, collate_fn=lambda one: one[0])
    assert all(recording for _, recording, _ in loader)
    assert {worker for worker, _, _ in DataLoader(Looking(), collate_fn=lambda one: one[0])} == {here}


def test_an_error_comes_up_in_the_loop_with_the_line_that_made_it() -> None:
    class Broken(Noisy):
        def __getitem__(self, index: int) -> Any:
            if index == 5:
                raise KeyError("the sixth")
            return super().__getitem__(index)

    seen = []

    def train() -> None:
        for batch in DataLoader(Broken(), 2, num_workers=1, prefetch_factor=5):
            seen.append(batch)

    with pytest.raises(KeyError, match="the sixth") as caught:
        train()
    assert len(seen) == 2
    lines = "".join(traceback.format_exception(caught.value))
    assert 'raise KeyError("the sixth")' in lines
    assert "for batch in DataLoader" in lines


def test_an_interruption_in_the_thread_arrives_too() -> None:
    class Interrupted(Noisy):
        def __getitem__(self, index: int) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(DataLoader(Interrupted(), num_workers=1))


def test_a_sampler_that_fails_is_heard() -> None:
    class Failing(Sampler):
        def __iter__(self) -> Iterator[int]:
            yield 0
            raise RuntimeError("no more indices")

    batches = iter(DataLoader(Noisy(), sampler=Failing(), num_workers=1))
    next(batches)
    with pytest.raises(RuntimeError, match="no more indices"):
        next(batches)
    with pytest.raises(StopIteration):
        next(batches)


def test_leaving_early_stops_the_thread() -> None:
    for shared in (True, False):
        data = Noisy(1000, None if shared else Generator().manual_seed(0))
        loader = DataLoader(data, num_workers=1, prefetch_factor=3, generator=data.generator)
        for _ in loader:
            assert len(threads()) == 1
            break
        assert threads() == []
        assert len(data.made) < 10
        batches = iter(loader)
        next(batches)
        del batches
        assert threads() == []


def test_a_data_set_that_swallows_errors_is_stopped_all_the_same() -> None:
    class Stubborn(Noisy):
        def __getitem__(self, index: int) -> Any:
            for _ in range(3):
                try:
                    return super().__getitem__(index)
                except Exception:  # what programs do
                    continue
            return te.zeros(2)

    data = Stubborn()
    batches = iter(DataLoader(data, num_workers=1))
    next(batches)
    wait_for(lambda: len(data.made) == 2)
    batches.close()
    assert len(data.made) == 2


def test_two_at_once_do_not_disturb_each_other() -> None:
    def pairs(**options: Any) -> list[Any]:
        te.manual_seed(1)
        loaders = [DataLoader(Noisy(size), 2, True, **options) for size in (9, 4)]
        found = [[a.tolist(), b.tolist()] for a, b in zip(*loaders, strict=False)]
        inner = [[a.tolist(), b.tolist()] for a in loaders[0] for b in loaders[1]]
        return [found, inner, te.rand(1).item()]

    assert pairs(num_workers=1) == pairs()


def test_a_program_ends_while_a_thread_waits() -> None:
    script = (
        "import tinygrad_edu as te\n"
        "from tinygrad_edu.utils.data import DataLoader\n"
        "batches = iter(DataLoader([1, 2, 3, 4], num_workers=1, collate_fn=lambda one: te.rand(2)))\n"
        "next(batches)\n"
        "print('end')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("end\n", "", 0)
