"""Exercises of lesson 03, tensors, broadcasting and the adjoint: a file for each."""

from tinygrad_edu.course.exercises.lesson_03 import bugs, embedding, matmul, shapes, unbroadcast

EXERCISES = [module.EXERCISE for module in (shapes, unbroadcast, matmul, embedding, bugs)]
