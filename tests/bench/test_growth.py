"""How time grows with size: the fit of the slope, and that every series runs."""

from __future__ import annotations

import pytest

from tinygrad_edu.bench import growth
from tinygrad_edu.bench.growth import SERIES, Fit, Series, run_growth, slope


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0, 1.5])
def test_the_slope_is_the_power(power: float) -> None:
    sizes = [3, 10, 50, 300]
    assert slope(sizes, [7e-3 * size**power for size in sizes]) == pytest.approx(power)


def made_up(power: float, *seconds: float) -> Fit:
    return Fit(Series("", power, "", (1, 10, 100)[: len(seconds)], lambda size: lambda: None), list(seconds))


def test_small_sizes_do_not_hide_what_large_ones_do() -> None:
    fit = made_up(1, 1.0, 1.0, 100.0)  # as if fixed costs were all of it at first, and a square in the end
    assert fit.slope == pytest.approx(1.0)
    assert fit.upper == pytest.approx(2.0)
    assert fit.is_steeper
    assert not made_up(2, 1.0, 1.0, 100.0).is_steeper
    assert not made_up(1, 1.0, 10.0, 110.0).is_steeper


def test_every_series_spans_two_decades_and_runs_at_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for series in SERIES:
        assert series.sizes[-1] == 100 * series.sizes[0]
        assert list(series.sizes) == sorted(series.sizes)
        series.prepare(series.sizes[0])()


def test_the_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 0.0

        def perf_counter(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(growth, "time", clock)

    def work(power: float) -> Series:
        def prepare(size: int) -> growth.Step:
            def step() -> None:
                clock.now += 1e-3 * size**power

            return step

        return Series(f"power {power}", 1, "each once", (1, 10, 100), prepare)

    fits = run_growth(0.1, [work(1.0), work(2.0)])
    assert [fit.slope for fit in fits] == pytest.approx([1.0, 2.0])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == [
        "power",
        "1.0",
        "1",
        "-",
        "100",
        "1.00",
        "-",
        "100.0",
        "1.00",
        "1.00",
        "1",
        "each",
        "once",
    ]
    assert lines[2].endswith("STEEPER")
    assert lines[-1] == "steeper than asked: power 2.0"
    run_growth(0.1, [work(1.0)])
    assert "no series is steeper" in capsys.readouterr().out
