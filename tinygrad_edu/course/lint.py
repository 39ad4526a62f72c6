"""The rules that every lesson keeps, each a small function: problems(lesson) -> sentences.

For: `tests/test_lessons.py`, and authors (`tinygrad-edu course lint`). Not for: whether what a lesson says is
true; that is what running it shows.
"""

from __future__ import annotations

import builtins
import re
import symtable
from collections.abc import Callable, Iterator
from pathlib import Path

from tinygrad_edu.course.exercise import KINDS, exercises_of
from tinygrad_edu.course.figure import SHORTEST
from tinygrad_edu.course.lesson import Lesson, exercise_name, grading, is_answer, is_check

FORMULA = re.compile(r"\$\$.+?\$\$", re.DOTALL)
PICTURE = re.compile(r"!\[(.*?)\]\((.*?)\)", re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)\)")
GLOBAL_STREAM = re.compile(r"\b(np|numpy)\.random\.(?!default_rng|Generator)\w+\(")
HINTS = 3  # a nudge, the idea, nearly the answer
LONGEST = 60  # seconds that a lesson may take
WIDEST = 92  # columns of code that a page of 900 pixels shows
LOOKS_AHEAD = 3  # cells within which a displayed formula must be verified
CELLS = (20, 60)


def problems(lesson: Lesson) -> list[str]:
    """Everything that is against the rules; empty for a good lesson."""
    return [f"lesson {lesson.id}: {problem}" for rule in RULES for problem in rule(lesson)]


def formulas_are_verified(lesson: Lesson) -> Iterator[str]:
    """Each displayed formula has a verify(…) or check(…) within three cells."""
    cells = lesson.notebook.cells
    for position, cell in enumerate(cells):
        if cell.cell_type != "markdown" or "instructor" in cell.metadata.get("tags", []):
            continue
        formulas = FORMULA.findall(cell.source)
        following = "\n".join(
            after.source for after in cells[position + 1 : position + 1 + LOOKS_AHEAD] if after.cell_type == "code"
        )
        if formulas and not re.search(r"\b(verify|check)\(", following):
            yield f"no verify(…) or check(…) within {LOOKS_AHEAD} cells after {formulas[0][:60]!r} in {cell.id}"


def exercises_are_whole(lesson: Lesson) -> Iterator[str]:
    """Each exercise: a heading, an answer, a check with its points, three hints, planted wrong answers."""
    known, cells = exercises_of(lesson.id), lesson.notebook.cells
    markdown = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    answers = {exercise_name(cell) for cell in cells if is_answer(cell)}
    checks = {exercise_name(cell): grading(cell).get("points") for cell in cells if is_check(cell)}
    for name, asked in known.items():
        if f"### Exercise {name}:" not in markdown:
            yield f"exercise {name} has no heading '### Exercise {name}: …'"
        if name not in answers:
            yield f"exercise {name} has no answer cell with this grade_id"
        if checks.get(name) != asked.points:
            yield f"exercise {name} has {asked.points} points, its check cell says {checks.get(name)}"
        if asked.kind not in KINDS or not 1 <= asked.difficulty <= 5 or asked.minutes < 1:
            yield f"exercise {name}: wanted a kind out of {KINDS}, difficulty 1 to 5 and minutes"
        if len(asked.wrong) < 3:
            yield f"exercise {name} has {len(asked.wrong)} planted wrong answers, wanted at least 3"
        if (hints := hints_for(name, lesson)) < HINTS:
            yield f"exercise {name} has {hints} hints below its check, wanted {HINTS}"
    for name in answers - known.keys():
        yield f"answer cell {name} belongs to no exercise of this lesson"


def hints_for(name: str, lesson: Lesson) -> int:
    """How many hints stand between the exercise's check and the next answer."""
    cells = lesson.notebook.cells
    places = [i for i, cell in enumerate(cells) if is_check(cell) and exercise_name(cell) == name]
    count = 0
    for cell in cells[places[0] + 1 :] if places else ():
        if is_answer(cell):
            break
        count += len(re.findall(r"<summary>Hint \d", cell.source)) if cell.cell_type == "markdown" else 0
    return count


def goals_are_proved(lesson: Lesson) -> Iterator[str]:
    """Each goal names the exercise that proves it."""
    known = exercises_of(lesson.id)
    for goal in lesson.front["goals"]:
        if goal["proved_by"] not in known:
            yield f"goal {goal['can']!r} is proved by {goal['proved_by']}, which is no exercise of this lesson"


def figures_have_words(lesson: Lesson) -> Iterator[str]:
    """Each picture has a text that states what it shows, and the committed notebook shows each figure's file."""
    markdown = "\n".join(cell.source for cell in lesson.notebook.cells if cell.cell_type == "markdown")
    pictures = PICTURE.findall(markdown)
    for alt, target in pictures:
        if len(alt) < SHORTEST:
            yield f"the picture {target} has alt text {alt!r}, wanted a sentence of at least {SHORTEST} characters"
        if not (lesson.path.parent / target).is_file():
            yield f"the picture {target} is not there: run `tinygrad-edu lessons --run {lesson.id} --refresh`"
    shown = {Path(target).stem for _, target in pictures}
    code = "\n".join(cell.source for cell in lesson.notebook.cells if cell.cell_type == "code")
    for name in re.findall(r'show_figure\(.*?name="([^"]+)"', code, re.DOTALL):
        if name not in shown:
            yield f"figure {name} is drawn but no markdown cell shows ../figures/{name}"


def links_resolve(lesson: Lesson) -> Iterator[str]:
    """A link to a file leads to a file."""
    for cell in lesson.notebook.cells:
        for target in LINK.findall(cell.source) if cell.cell_type == "markdown" else ():
            if "://" not in target and not (lesson.path.parent / target).exists():
                yield f"the link to {target} in {cell.id} leads nowhere"


def code_is_plain_python(lesson: Lesson) -> Iterator[str]:
    """No magics, no shell lines, no global random state: the source runs as a script and in any order."""
    for cell in lesson.notebook.cells:
        for line in cell.source.splitlines() if cell.cell_type == "code" else ():
            if line.lstrip().startswith(("%", "!")):
                yield f"{cell.id}: {line.strip()!r} runs only in a notebook"
            if len(line) > WIDEST and not line.lstrip().startswith("alt="):  # words for a file, not for the page
                yield f"{cell.id}: {line.strip()[:40]!r} … has {len(line)} columns; a page shows {WIDEST}"
            if GLOBAL_STREAM.search(line):
                yield f"{cell.id}: {line.strip()!r} draws from a global stream: use default_rng(seed)"


def names_come_first(lesson: Lesson) -> Iterator[str]:
    """Run from the first cell to the last, every name is there when it is used."""
    known = {"__name__", "__file__", *dir(builtins)}
    for cell in lesson.notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            table = symtable.symtable(cell.source, cell.id, "exec")
        except SyntaxError as error:
            yield f"{cell.id} is not Python: {error}"
            continue
        known |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
        for name in sorted(used_in(table) - known):
            yield f"{cell.id} uses {name}, which no cell up to there defines"


def used_in(table: symtable.SymbolTable) -> set[str]:
    """The global names that a cell reads, in its functions and classes too."""
    here = table.get_type() == "module"
    names = {one.get_name() for one in table.get_symbols() if one.is_referenced() and (here or one.is_global())}
    return names.union(*map(used_in, table.get_children()))


def takes_its_time(lesson: Lesson) -> Iterator[str]:
    """Minutes for readers and seconds for machines, both within bounds; that a run keeps to them, running it shows."""
    minutes = lesson.front["minutes"]
    if min(minutes.get("read", 0), minutes.get("exercises", 0)) < 1:
        yield f"wanted minutes to read and minutes for exercises, got {minutes}"
    if not 0 < lesson.front["budget"] <= LONGEST:
        yield f"the budget is {lesson.front['budget']} s, wanted at most {LONGEST}"


def only_earlier_lessons(lesson: Lesson) -> Iterator[str]:
    """What is needed before comes before."""
    for needed in lesson.front.get("prerequisites", {}).get("lessons", []):
        if str(needed) >= lesson.id:
            yield f"it needs lesson {needed}, which does not come before it"


def has_every_block(lesson: Lesson) -> Iterator[str]:
    """The blocks of the template, by their headings, and a reasonable number of cells."""
    cells = lesson.notebook.cells
    headings = "\n".join(re.findall(r"^#+ .*$", "\n".join(c.source for c in cells if c.cell_type == "markdown"), re.M))
    for block in BLOCKS:
        if not re.search(block, headings, re.IGNORECASE):
            yield f"no heading matches {block!r}: the template has such a block"
    if not CELLS[0] <= len(cells) <= CELLS[1]:
        yield f"wanted {CELLS[0]} to {CELLS[1]} cells, got {len(cells)}"
    if not any("instructor" in cell.metadata.get("tags", []) for cell in cells):
        yield "there are no instructor notes"


def ids_are_unique(lesson: Lesson) -> Iterator[str]:
    """No two cells, and no two graded cells, have one id."""
    for ids in (
        [cell.id for cell in lesson.notebook.cells],
        [grading(cell)["grade_id"] for cell in lesson.notebook.cells if grading(cell)],
    ):
        for one in sorted({one for one in ids if ids.count(one) > 1}):
            yield f"the id {one} occurs {ids.count(one)} times"


BLOCKS = (
    "warm-?up",
    "notation",
    "break it",
    "exercise",
    "experiment",
    "cost|systems",
    "common mistakes",
    "summary",
    "further reading",
)
RULES: tuple[Callable[[Lesson], Iterator[str]], ...] = (
    formulas_are_verified,
    exercises_are_whole,
    goals_are_proved,
    figures_have_words,
    links_resolve,
    code_is_plain_python,
    names_come_first,
    takes_its_time,
    only_earlier_lessons,
    has_every_block,
    ids_are_unique,
)
