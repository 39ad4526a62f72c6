"""The process in which one submission runs: cells and checks, one after the other, each reported before and after.

    python -P -m tinygrad_edu.course.grading.worker PLAN.json DESCRIPTOR

Reports go as lines of JSON to the open file DESCRIPTOR, so that nothing a submission prints is taken for one. Not for:
deciding what becomes of a submission that ends this process; that is `process`.
"""

from __future__ import annotations

import json
import linecache
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy  # noqa: F401  before the limits: a library that is loaded already needs no further memory

from tinygrad_edu.course.check import CheckFailed, sentence, verdict_of
from tinygrad_edu.course.compare import raised
from tinygrad_edu.course.exercise import exercise
from tinygrad_edu.course.grading.limits import Limits, bound, stay_inside

MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)


class Worker:
    """The state of one run: the names that the cells have made, and why answers are missing."""

    def __init__(self, plan: dict[str, Any], reports: int) -> None:
        self.steps, self.skipped, self.reports = plan["steps"], plan["skipped"], reports
        self.names: dict[str, Any] = {"__name__": "__main__", "display": print}
        self.reasons: dict[str, tuple[str, str]] = {}  # exercise -> why its cell made no answer

    def report(self, **facts: Any) -> None:
        """One line to whoever watches."""
        os.write(self.reports, (json.dumps(facts) + "\n").encode())

    def run(self) -> None:
        """All steps; those that ended an earlier run are left out, and known to have."""
        for number, step in enumerate(self.steps):
            known = self.skipped.get(str(number))
            if known is not None:
                if step["exercise"]:
                    self.reasons[step["exercise"]] = ("stopped", known)
                continue
            self.report(begin=number)
            facts = self.cell(step) if step["kind"] == "cell" else self.check(step)
            self.report(done=number, **facts)
        self.report(end=True)

    def cell(self, step: dict[str, Any]) -> dict[str, Any]:
        """Run a cell; if a given cell was edited and stops, run it as it was given."""
        error = self.execute(step["source"], step["label"])
        if error is None:
            return {}
        if step["given"] is not None:
            self.execute(step["given"], step["label"])
        if step["exercise"]:
            blank = ("not answered", f"○ {step['exercise']}: not answered yet")
            why = blank if isinstance(error, NotImplementedError) else ("raised", raised(error, "your cell"))
            self.reasons[step["exercise"]] = why
        return {} if isinstance(error, NotImplementedError) else {"error": raised(error, "it")}  # a blank is no problem

    def execute(self, source: str, label: str, **further: Any) -> BaseException | None:
        """Run a cell's text among the names made so far; what it raised."""
        file = f"cell {label}"
        try:
            try:
                code = compile(source, file, "exec")
            except SyntaxError:  # perhaps lines that only a notebook understands
                source = MAGIC.sub(r"\1pass", source)
                code = compile(source, file, "exec")
            linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
            exec(code, {**self.names, **further} if further else self.names)
        except BaseException as error:  # whatever a submission raises: the next one shall be graded too
            return error
        return None

    def check(self, step: dict[str, Any]) -> dict[str, Any]:
        """Judge an answer as the lesson's check cell does, but with a `check` that reports instead of raising."""
        verdicts: list[dict[str, Any]] = []

        def check(name: str, answer: Any) -> None:
            asked = exercise(name)
            verdict, tried = verdict_of(asked, answer)
            message = "" if verdict.right else sentence(asked, verdict, tried)
            verdicts.append({"exercise": name, "right": verdict.right, "kind": verdict.kind, "message": message})
            if not verdict.right:
                raise CheckFailed(message, verdict.kind)

        error = self.execute(step["source"], step["label"], check=check)
        wrong = [verdict for verdict in verdicts if not verdict["right"]]
        if wrong or (verdicts and error is None):
            return (wrong or verdicts)[0]
        kind, message = self.reasons.get(
            step["exercise"], ("raised", raised(error) if error else "nothing was checked")
        )
        return {"exercise": step["exercise"], "right": False, "kind": kind, "message": message}


def main(plan_file: str, descriptor: str) -> None:
    """Bound this process, run the plan, and leave without waiting for threads that a submission may have started."""
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    bound(Limits(**plan["limits"]))
    stay_inside(os.getcwd())
    Worker(plan, int(descriptor)).run()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
