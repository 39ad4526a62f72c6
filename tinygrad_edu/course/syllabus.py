"""A plan for a class: which lessons in which week.

    syllabus(lessons(), "core", weeks=6, hours=3.0)      -> a table in Markdown

For: `tinygrad-edu course pick`. Not for: what a lesson holds, which its front matter says.
"""

from __future__ import annotations

from math import ceil

from tinygrad_edu.course.lesson import Lesson

CORE = ("00", "01", "02", "03", "04", "05", "06", "07", "08")
TRACKS = {
    "day": ("01", "02", "03", "06", "07"),
    "core": CORE,
    "vision": (*CORE, "09", "10", "15"),
    "language": (*CORE, "11", "12", "13", "14"),
    "systems": ("14", "15", "16", "18"),
    "interpretability": ("12", "13", "17"),
}
Part = tuple[Lesson, int, str]  # a lesson or a part of one, its minutes, and how it is called


def syllabus(known: list[Lesson], track: str, *, weeks: int, hours: float, others: list[str] | None = None) -> str:
    """The lessons of a track (or `others`, by number) with all that they need, week by week, as Markdown."""
    if weeks < 1 or hours <= 0:
        raise ValueError(f"wanted at least one week with some time in it, got {weeks} weeks of {hours:g} h")
    if not others and track not in TRACKS:
        raise ValueError(f"wanted a track out of {', '.join(TRACKS)}, got {track!r}")
    wanted = [number.zfill(2) for number in others] if others else list(TRACKS[track])
    chosen = with_prerequisites(known, wanted)
    plan, left = by_week(chosen, weeks, round(60 * hours))
    name = ", ".join(wanted) if others else track
    lines = [f"# Syllabus: {name}, {weeks} {'week' if weeks == 1 else 'weeks'} of {hours:g} h", "", *rows(plan)]
    there = {lesson.id for lesson in known}
    notes = {
        "Added, because others need them": [one.id for one in chosen if one.id not in wanted],
        "No time for": [f"{lesson.id} {lesson.title}" for lesson in left],
        "Not in this course yet": [number for number in wanted if number not in there],
    }
    return "\n".join([*lines, *(f"\n{what}: {', '.join(names)}." for what, names in notes.items() if names)])


def with_prerequisites(known: list[Lesson], wanted: list[str]) -> list[Lesson]:
    """The wanted lessons and what they need, directly or not, in the order of the course, which keeps all needs."""
    by_id = {lesson.id: lesson for lesson in known}
    needed, todo = set(), [number for number in wanted if number in by_id]
    while todo:
        number = todo.pop()
        if number not in needed and number in by_id:
            needed.add(number)
            todo += map(str, by_id[number].front.get("prerequisites", {}).get("lessons", []))
    return [lesson for lesson in known if lesson.id in needed]


def by_week(chosen: list[Lesson], weeks: int, minutes: int) -> tuple[list[list[Part]], list[Lesson]]:
    """(parts week by week, lessons without a place). A lesson is only split if no week is long enough for it."""
    plan: list[list[Part]] = [[]]
    for position, lesson in enumerate(chosen):
        count = ceil(lesson.minutes / minutes)
        before = [list(week) for week in plan]
        for part in range(count):
            length = ceil(lesson.minutes / count)
            if sum(taken for _, taken, _ in plan[-1]) + length > minutes:
                plan.append([])
            name = f"{lesson.id} {lesson.title}" + (f" (part {part + 1} of {count})" if count > 1 else "")
            plan[-1].append((lesson, length, name))
        if len(plan) > weeks:  # what comes later may need this one: stop here
            return before, chosen[position:]
    return plan, []


def rows(plan: list[list[Part]]) -> list[str]:
    """The table."""
    lines = ["| Week | Lessons | Minutes | Afterwards one can |", "|---|---|---|---|"]
    for number, week in enumerate(plan, start=1):
        names = "; ".join(name for _, _, name in week)
        goals = "; ".join(
            goal["can"] for lesson in {one.id: one for one, _, _ in week}.values() for goal in lesson.front["goals"]
        )
        lines.append(f"| {number} | {names} | {sum(taken for _, taken, _ in week)} | {goals} |")
    return lines
