"""Exercises of lesson 02, a scalar autograd engine: a file for each."""

from tinygrad_edu.course.exercises.lesson_02 import backward, dual, order, rules, trace

EXERCISES = [module.EXERCISE for module in (trace, rules, order, backward, dual)]
