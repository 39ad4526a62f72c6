"""predict: say what will come out before running it. Being surprised is how it sticks.

    shape = predict("the shape of dW", guess=(4, 3))
    ...
    shape.reveal(dW.shape)              # You said (4, 3): right.

For: the cell before a result. Not for: grading; a wrong prediction costs nothing.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.course.publish import publish
from tinygrad_edu.course.values import numbers_in, shown
from tinygrad_edu.course.verify import relative_error


class Prediction:
    """A question, and what the learner said before seeing the answer (None: nothing)."""

    def __init__(self, question: str, guess: Any) -> None:
        self.question, self.guess = question, guess

    def reveal(self, answer: Any, *, within: float = 0.0) -> None:
        """Show the answer beside the guess. `within`: by what share of the answer a number may be off and be right."""
        said = "no prediction yet: put a guess into the cell above and run both again"
        right = None
        if self.guess is not None:
            right = agrees(self.guess, answer, within)
            said = f"you said {shown(self.guess)}: " + ("right!" if right else "a surprise. What did you overlook?")
        publish(f"{self.question}: {shown(answer)} — {said}", kind="predicted", right=right)


def predict(question: str, guess: Any = None) -> Prediction:
    """Write down a guess (a number, a shape, a word) before running the next cell."""
    said = "make a guess: predict(…, guess=…)" if guess is None else f"your guess is {shown(guess)}"
    publish(f"{question}? — {said}", kind="asked")
    return Prediction(question, guess)


def agrees(guess: Any, answer: Any, within: float) -> bool:
    """Words alike whatever their case; numbers and shapes equal, or within a share of the answer."""
    if isinstance(answer, str) or isinstance(guess, str):
        return str(guess).strip().lower() == str(answer).strip().lower()
    said, true = numbers_in(guess), numbers_in(answer)
    if [array.shape for array in said] != [array.shape for array in true]:
        return False
    return all(relative_error(a, b) <= max(within, 1e-9) for a, b in zip(said, true, strict=True))
