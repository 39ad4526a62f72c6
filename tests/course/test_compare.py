"""judge: the known slips, each planted in an answer, are called by their names, and the rest is told plainly."""

from __future__ import annotations

import sys
import warnings

import numpy
import pytest

from tinygrad_edu import tensor
from tinygrad_edu.course.compare import judge
from tinygrad_edu.course.exercise import Exercise

RNG = numpy.random.default_rng(0)
X, G = RNG.normal(size=(7, 3)), RNG.normal(size=(7, 5))
SQUARE = RNG.normal(size=(5, 5))
ROWS = numpy.array([0, 0, 1, 4])


def softmax(x):
    e = numpy.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_in_place(x):
    x -= x.max(axis=1, keepdims=True)
    return softmax(x)


def negative_in_place(x):
    x *= -1
    return softmax(-x) * 3.3


def add_at(rows, g):
    out = numpy.zeros((5, 2))
    numpy.add.at(out, rows, g)
    return out


def assigned(rows, g):
    out = numpy.zeros((5, 2))
    out[rows] += g
    return out


def decay(steps):
    return 0.9 ** numpy.arange(steps)


WEIGHT = Exercise("90.w", "", lambda x, g: x.T @ g / len(x))
SOFTMAX = Exercise("90.softmax", "", softmax)
SUM = Exercise("90.sum", "", lambda g: g.sum(0))
ADD = Exercise("90.add", "", add_at)
DECAY = Exercise("90.decay", "", decay)
COUNT = Exercise("90.count", "", lambda n: n * (n - 1) // 2)
VALUE = Exercise("90.value", "", (3, 4))
WORD = Exercise("90.word", "", "Sum")
TRUTH = Exercise("90.truth", "", True)
PARTS = Exercise("90.parts", "", lambda x: {"w": x.T, "b": x.sum(0)})
TERMS = Exercise("90.terms", "", lambda x: x**2 + 3 * x, terms=lambda x: {"the square": x**2, "the linear part": 3 * x})
FACTOR = Exercise("90.factor", "", lambda x: 2 * numpy.cos(x) * x, factors=lambda x: {"the inner slope": numpy.cos(x)})

ANSWERS = {
    "right": (WEIGHT, lambda x, g: x.T @ g / 7, (X, G), "right", ""),
    "right, as a tensor": (WEIGHT, lambda x, g: tensor(x.T @ g / 7), (X, G), "right", ""),
    "right, as a list": (SUM, lambda g: list(g.sum(0)), (G,), "right", ""),
    "right, complex without imaginary part": (SUM, lambda g: g.sum(0) + 0j, (G,), "right", ""),
    "shape": (WEIGHT, lambda x, g: (x.T @ g / 7)[:2], (X, G), "off by one step", "one step too short along axis 0"),
    "another shape": (WEIGHT, lambda x, g: x.T @ g @ g.T, (X, G), "shape", "has shape (3, 7), wanted (3, 5)"),
    "transpose": (WEIGHT, lambda x, g: g.T @ x / 7, (X, G), "transposed", "the answer is transposed"),
    "transposed input": (
        Exercise("90.t", "", lambda x, g: x.T @ g),
        lambda x, g: x @ g,
        (SQUARE, SQUARE[::-1].copy()),
        "wrong axis",
        "for input 1 transposed: a .T is missing",
    ),
    "sign": (WEIGHT, lambda x, g: -x.T @ g / 7, (X, G), "sign", "the sign is wrong"),
    "factor 2": (WEIGHT, lambda x, g: 2 * x.T @ g / 7, (X, G), "factor 2", "a factor 2 too many"),
    "factor 1/2": (WEIGHT, lambda x, g: x.T @ g / 14, (X, G), "factor 1/2", "a factor 2 is missing"),
    "no 1/N": (WEIGHT, lambda x, g: x.T @ g, (X, G), "factor N", "N = 7, a number of elements in the input"),
    "1/N twice": (WEIGHT, lambda x, g: x.T @ g / 49, (X, G), "factor 1/N", "divided by N once too often"),
    "1.7": (WEIGHT, lambda x, g: 1.7 * x.T @ g / 7, (X, G), "factor", "got = 1.7 · want"),
    "not summed": (SUM, lambda g: g, (G,), "not summed", "not summed over the axes (0,)"),
    "=": (ADD, assigned, (ROWS, RNG.normal(size=(4, 2))), "assigned", "instead of added (+=)"),
    "input mutated": (SOFTMAX, softmax_in_place, (X,), "input mutated", "changed the input"),
    "input mutated and wrong": (SOFTMAX, negative_in_place, (X,), "factor", "Besides, your answer changed the input"),
    "wrong axis of a sum": (SUM, lambda g: g.sum(1), (G,), "wrong axis", "the sum over axis 1; wanted over axis 0"),
    "wrong axis of anything": (SOFTMAX, lambda x: softmax(x.T).T, (X,), "wrong axis", "rows and columns are exchanged"),
    "too late": (DECAY, lambda n: numpy.append(7, decay(n - 1)), (6,), "off by one step", "one place too late"),
    "too early": (DECAY, lambda n: decay(n + 1)[1:] * 1, (6,), "off by one step", "one place too early"),
    "too long": (DECAY, lambda n: decay(n + 1), (6,), "off by one step", "one step too long: wanted 6 entries, got 7"),
    "count": (COUNT, lambda n: n * (n - 1) // 2 + 1, (6,), "off by one step", "wanted 15, got 16"),
    "zeros": (WEIGHT, lambda x, g: numpy.zeros((3, 5)), (X, G), "zeros", "0 everywhere"),
    "nan": (WEIGHT, lambda x, g: x.T @ g / 0, (X, G), "not finite", "your code makes NaN or ∞"),
    "term": (TERMS, lambda x: x**2, (X,), "missing term", "a term is missing: the linear part"),
    "factor by name": (FACTOR, lambda x: 2 * x, (X,), "missing factor", "a factor is missing: the inner slope"),
    "None": (WEIGHT, lambda x, g: None, (X, G), "nothing", "is there a `return`?"),
    "blank": (
        WEIGHT,
        lambda x, g: (_ for _ in ()).throw(NotImplementedError()),
        (X, G),
        "not answered",
        "not answered",
    ),
    "raises": (WEIGHT, lambda x, g: x @ g, (X, G), "raised", "in line"),
    "exits": (WEIGHT, lambda x, g: exit(), (X, G), "raised", "SystemExit"),
    "text": (WEIGHT, lambda x, g: "hello", (X, G), "kind", "got str: 'hello'"),
    "ragged": (WEIGHT, lambda x, g: [[1.0], [1.0, 2.0]], (X, G), "number of results", "wanted 1 results, got 2"),
    "complex": (SUM, lambda g: g.sum(0) + 1j, (G,), "kind", "take .real or .imag"),
    "result 2": (
        Exercise("90.two", "", lambda x: (x, x.sum(0))),
        lambda x: (x, -x.sum(0)),
        (X,),
        "sign",
        "result 2: the sign",
    ),
    "keys": (PARTS, lambda x: {"w": x.T}, (X,), "keys", "wanted entries for ['b', 'w'], got ['w']"),
    "another order": (PARTS, lambda x: {"b": x.sum(0), "w": x.T}, (X,), "right", ""),
    "value": (VALUE, (3, 4), (), "right", ""),
    "reversed value": (VALUE, (4, 3), (), "order", "reversed"),
    "no value": (VALUE, None, (), "not answered", "in the place of None"),
    "word": (WORD, " sum ", (), "right", ""),
    "another word": (WORD, "mean", (), "another answer", "'mean' is not it"),
    "no word": (WORD, 3, (), "another answer", "3 is not it"),
    "truth": (TRUTH, numpy.bool_(True), (), "right", ""),
    "array for truth": (TRUTH, numpy.ones(3), (), "another answer", "is not it"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_slip_is_called_by_its_name(name):
    exercise, answer, inputs, kind, says = ANSWERS[name]
    verdict = judge(exercise, answer, inputs)
    assert verdict.kind == kind, verdict.message
    assert says in verdict.message


def test_the_worst_entry_is_shown_of_code_and_not_of_values():
    assert "(worst at [0, 0]: wanted" in judge(WEIGHT, lambda x, g: x.T @ g / 7 + numpy.eye(3, 5), (X, G)).message
    assert "worst" not in judge(VALUE, (3, 5), ()).message


def test_inputs_are_copies():
    before = X.copy()
    judge(SOFTMAX, softmax_in_place, (X,))
    assert (before == X).all()


def test_a_reference_may_change_its_input_too():
    def shift(x):
        x += 1
        return x

    assert judge(Exercise("90.shift", "", shift), shift, (X,)).right


def test_slips_of_the_exercise_come_first():
    def said(inputs, want, got):
        return "that is the sine" if numpy.allclose(got, -want) else None

    asked = Exercise("90.slip", "", lambda x: x, slips=(said,))
    assert judge(asked, lambda x: -x, (X,)).message == "that is the sine"
    assert judge(asked, lambda x: 2 * x, (X,)).kind == "factor 2"


def test_warnings_and_standard_error_are_silent(capfd):
    def loud(x):
        warnings.warn("careful", stacklevel=1)
        print("a note to standard error", file=sys.stderr)
        return numpy.log(-1.0) * x / numpy.zeros(3)

    assert judge(SOFTMAX, loud, (X,)).kind == "not finite"
    assert capfd.readouterr().err == ""


def test_the_line_that_raised_is_the_learners_own():
    def answer(x):
        return numpy.linalg.inv(x)

    message = judge(SOFTMAX, answer, (X,)).message
    assert "LinAlgError: Last 2 dimensions of the array must be square" in message
    assert message.endswith("return numpy.linalg.inv(x)")
