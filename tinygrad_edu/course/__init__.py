"""The course: what the cells of a lesson call, and what builds, runs and grades the lessons.

    from tinygrad_edu.course import check, predict, show_figure, verify

Read in this order: `verify`, `predict`, `figure` (small), `exercise` (what an exercise is), `compare` and `check` (how
an answer is judged), `exercises/` (one file for each lesson). Then what makes a course of them: `lesson`, `build`,
`run`, `page`, `lint`, `planted`, `syllabus`, and `grade` with `grading/`. Not for: the engine, which knows nothing of
lessons.
"""

from tinygrad_edu.course.check import check
from tinygrad_edu.course.exercise import Exercise, Wrong, exercise
from tinygrad_edu.course.figure import show_figure
from tinygrad_edu.course.predict import predict
from tinygrad_edu.course.verify import seed, verify

__all__ = ["Exercise", "Wrong", "check", "exercise", "predict", "seed", "show_figure", "verify"]
