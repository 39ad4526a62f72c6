"""The watch over a submission's process: its time, what it prints, how it ends; and the next try without what ended it.

    run_plan(plan, limits) -> Record

A cell that loops, crashes or ends the program costs its own points, not those of the others: the process is started
again without it. Not for: what a submission is (`plan`) or what its process does (`worker`).
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tinygrad_edu.course.grading.limits import Limits
from tinygrad_edu.course.grading.plan import Plan

ROOT = Path(__file__).resolve().parents[3]
STARTUP_SECONDS = 120  # to import the package, on a machine that has a lot to do
KEPT = 4000  # characters of what was printed
PASSED_ON = (
    "PATH",
    "LD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "SYSTEMROOT",
    "VIRTUAL_ENV",
    "TINYGRAD_EDU_COURSE",
)  # not: anybody's secrets


@dataclass
class Record:
    """What happened to a submission."""

    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)  # by exercise
    problems: list[str] = field(default_factory=list)
    printed: str = ""
    seconds: float = 0.0


def run_plan(plan: Plan, limits: Limits, fonts: Sequence[Path] = ()) -> Record:
    """Run all steps, as often as it takes to get past those that end the process.

    fonts   matplotlib's list of fonts, which takes seconds to make anew
    """
    record, started = Record(), time.monotonic()
    skipped: dict[int, str] = {}
    steps = [asdict(step) for step in plan.steps]
    for _ in range(limits.restarts + 1):
        attempt = Attempt(steps, skipped, limits, fonts)
        reason = attempt.run()
        record.printed = record.printed or attempt.printed
        for number, facts in attempt.done.items():
            if "exercise" in facts:
                record.verdicts.setdefault(facts.pop("exercise"), facts)
            elif "error" in facts:
                note(record, f"cell {steps[number]['label']}: {facts['error']}")
        if reason is None:
            break
        if attempt.current is None:
            note(record, f"it could not be run: {reason}. {attempt.printed[-300:]}".strip())
            break
        step = steps[attempt.current]
        note(record, f"{'cell' if step['kind'] == 'cell' else 'check'} {step['label']}: {reason}")
        if step["kind"] == "cell" and step["given"] is not None:  # the learner's version of a given cell
            step["source"], step["given"] = step["given"], None
        else:
            skipped[attempt.current] = reason
            if step["kind"] == "check":
                message = f"Your answer {reason}."
                record.verdicts[step["exercise"]] = {"right": False, "kind": "stopped", "message": message}
    record.seconds = time.monotonic() - started
    return record


def note(record: Record, problem: str) -> None:
    """Write a problem down once."""
    if problem not in record.problems:
        record.problems.append(problem)


class Attempt:
    """One process over all steps but the skipped ones."""

    def __init__(self, steps: list[Any], skipped: dict[int, str], limits: Limits, fonts: Sequence[Path]) -> None:
        self.limits, self.fonts = limits, fonts
        self.text = json.dumps({"steps": steps, "skipped": skipped, "limits": asdict(limits)})
        self.done: dict[int, dict[str, Any]] = {}  # what was reported of each step
        self.current: int | None = None  # the step that has begun
        self.ended = False
        self.printed, self.printed_bytes = "", 0
        self._rest = b""

    def run(self) -> str | None:
        """None if it ran to the end, or why it did not, as in "your answer …"."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
            work, plan_file = Path(place, "work"), Path(place, "plan.json")
            work.mkdir()
            plan_file.write_text(self.text, encoding="utf-8")
            for file in self.fonts:
                (work / ".matplotlib").mkdir(exist_ok=True)
                shutil.copy(file, work / ".matplotlib")
            reports, descriptor = os.pipe()
            command = [
                sys.executable,
                "-P",
                "-u",
                "-m",
                "tinygrad_edu.course.grading.worker",
                str(plan_file),
                str(descriptor),
            ]
            process = subprocess.Popen(
                command,
                cwd=work,
                env=environment(work),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[descriptor],
                start_new_session=True,
            )
            os.close(descriptor)
            try:
                reason = self.watch(process, reports)
            finally:
                end_group(process)
                os.close(reports)
        if self.ended:
            return None
        return reason or ending(process.returncode, self.limits)

    def watch(self, process: subprocess.Popen[bytes], reports: int) -> str | None:
        """Read reports and prints until the process ends, or must be ended: then say why."""
        if process.stdout is None:
            raise OSError("wanted a pipe to read what a submission prints")
        with selectors.DefaultSelector() as ready, process.stdout as printed:
            ready.register(reports, selectors.EVENT_READ)
            ready.register(printed, selectors.EVENT_READ)
            deadline = time.monotonic() + STARTUP_SECONDS
            while ready.get_map():
                for key, _ in ready.select(timeout=0.1):
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        ready.unregister(key.fileobj)
                    elif key.fd != reports:
                        self.keep(data)
                    elif self.understand(data):
                        deadline = time.monotonic() + self.limits.seconds
                if self.printed_bytes > self.limits.printed_megabytes << 20:
                    return f"printed more than {self.limits.printed_megabytes} MB, and was stopped"
                if time.monotonic() > deadline:
                    return f"took longer than {self.limits.seconds:g} s, and was stopped"
                if process.poll() is not None and not ready.select(timeout=0.1):
                    return None  # ended, though a child of its own may still hold the pipes open
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=self.limits.seconds)
        return None

    def keep(self, data: bytes) -> None:
        """Count what was printed, and keep the beginning."""
        self.printed_bytes += len(data)
        if len(self.printed) < KEPT:
            self.printed += data.decode("utf-8", errors="replace")[: KEPT - len(self.printed)]

    def understand(self, data: bytes) -> bool:
        """Take reports in; True if the process got on."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError):  # a submission wrote there: not a report
                facts = json.loads(line)
                if "begin" in facts:
                    self.current = facts["begin"]
                elif "done" in facts:
                    self.done[facts.pop("done")] = facts
                self.ended = self.ended or "end" in facts
        return bool(lines)


def environment(work: Path) -> dict[str, str]:
    """A small environment: where programs and the package are, and this folder for everything that is written."""
    here = str(work)
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONHASHSEED": "0",
        "HOME": here,
        "TMPDIR": here,
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(work / ".matplotlib"),
        **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    }


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started and that stayed in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ending(status: int, limits: Limits) -> str:
    """How a process ended that did not reach its last step."""
    if status >= 0:
        return f"ended the whole program, with status {status}"
    if -status == signal.SIGXCPU:
        return f"used more than {limits.cpu_seconds} s of processor time, and was stopped"
    return f"crashed the whole program ({signal.Signals(-status).name})"
