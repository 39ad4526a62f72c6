"""Floor 7: the command line. `main.py` picks the command, one file has each of them.

    tinygrad-edu lessons       open the lessons, or run them without a screen
    tinygrad-edu train         train a CNN, LSTM, GPT or Transformer in a minute, and show what it learned
    tinygrad-edu predict       ask a trained network
    tinygrad-edu gradcheck     check the derivative of every operation and layer
    tinygrad-edu bench         measure, beside PyTorch
    tinygrad-edu course        teach: build, check and grade lessons, plan the weeks
    tinygrad-edu doctor        is everything here that is needed?

For: asking the package to do something from a terminal. Not for: logic of its own; each command is a page of calls that
a program can make as well.
"""

from tinygrad_edu.cli.main import main

__all__ = ["main"]
