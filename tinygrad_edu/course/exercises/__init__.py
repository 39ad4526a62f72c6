"""The exercises, one file for each lesson: right answers, inputs to try, and planted wrong answers."""
