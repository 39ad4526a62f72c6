# ---
# title: Start here
# id: "00"
# version: 1
# minutes: {read: 12, exercises: 12}
# level: 1 of 5
# prerequisites: {lessons: [], mathematics: ["what a function is"]}
# needs: [numpy, matplotlib, scikit-learn]
# seeds: [0]
# budget: 20
# next: "01"
# goals:
#   - {can: "run a cell, make a guess, and answer an exercise", proved_by: "00.green"}
#   - {can: "read what a failed check says", proved_by: "00.message"}
#   - {can: "say which shape comes out of a product", proved_by: "00.shape"}
# ---

# %%
import numpy as np
from matplotlib.figure import Figure

import tinygrad_edu as torch
from tinygrad_edu import nn, optim
from tinygrad_edu.course import check, predict, seed, show_figure, verify

SEED = seed(0)
rng = np.random.default_rng(SEED)

# %% [markdown]
# ## First, let something learn
#
# Click into the cell below and press **Shift + Enter**. It runs, and the next one is chosen.
#
# In about a second, a model of one layer looks at 1,400 handwritten digits and learns to read. You wrote none of it and
# need not understand it; by lesson 06 you will have derived every line.

# %%
from sklearn.datasets import load_digits

digits = load_digits()
order = rng.permutation(len(digits.data))
pictures = torch.tensor(
    digits.data[order] / 16.0, dtype=torch.float32
)  # 8 x 8 pixels in a row
labels = torch.tensor(digits.target[order])
learned, held_out = slice(0, 1400), slice(1400, None)

torch.manual_seed(SEED)
model = nn.Linear(64, 10)
optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
loss_function = nn.CrossEntropyLoss()
for _ in range(150):
    optimizer.zero_grad()
    loss = loss_function(model(pictures[learned]), labels[learned])
    loss.backward()  # every derivative there is, in one line: the subject of this course
    optimizer.step()

guesses = model(pictures[held_out]).argmax(1)
right = (guesses == labels[held_out]).float().mean().item()
print(f"{100 * right:.1f} % of {len(guesses)} digits that it has never seen")
assert right > 0.9

# %% [markdown]
# These are some of them, with what it answered. Orange: it was wrong. (Would you have been right?)
#
# ![Four rows of handwritten digits with the answers of the model: nearly all are right, the wrong ones are hard to read for people too](../figures/00-digits.png)

# %%
figure = Figure(figsize=(6.4, 3.4), layout="constrained")
wrong = np.flatnonzero((guesses != labels[held_out]).numpy())
some = [*wrong[:6], *np.flatnonzero((guesses == labels[held_out]).numpy())[:26]]
for place, (axes, which) in enumerate(zip(figure.subplots(4, 8).flat, some)):
    axes.imshow(digits.images[order[1400 + which]], cmap="gray_r")
    answer = guesses[int(which)].item()
    axes.set_title(
        answer, fontsize=12, color="#D55E00" if place < len(wrong[:6]) else "black"
    )
    axes.axis("off")
show_figure(
    figure,
    name="00-digits",
    alt="Four rows of handwritten digits with the answers of the model: "
    "nearly all are right, the wrong ones are hard to read for people too",
)

# %% [markdown]
# ## How a lesson works
#
# Every lesson has the same parts: a question, a derivation in small steps, a cell that **measures** whether the
# derivation is right, and exercises with a check that talks to you. Four words do it all:
#
# | in a cell | what it does |
# |---|---|
# | `predict("…", guess=…)` | you say what will come out before you run it. Nobody counts your mistakes; being surprised is how it sticks |
# | `verify("…", got=…, want=…)` | a formula of the text is compared with something that knows nothing of the formula |
# | `check("00.green", …)` | judges your answer to an exercise |
# | `show_figure(…)` | a picture, and its content in words |
#
# ## Warm-up
#
# Replace `None` by your guess, run the cell, then the one below.

# %%
size = predict("how many numbers does `nn.Linear(64, 10)` learn", guess=None)
start = predict("the share of right answers before any learning, about", guess=None)

# %%
size.reveal(sum(p.numel() for p in model.parameters()))
torch.manual_seed(SEED)
untrained = (nn.Linear(64, 10)(pictures).argmax(1) == labels).float().mean().item()
start.reveal(round(untrained, 2), within=0.5)

# %% [markdown]
# 650: a weight for each of 64 pixels and 10 digits, and 10 numbers to add. And without learning: about one in ten,
# because there are ten digits to guess from.
#
# ## What a verified formula looks like
#
# Below every formula that stands alone, there is a cell that tests it. The mean, for example: all numbers added up,
# divided by how many there are.
#
# $$\bar x = \frac{1}{N} \sum_{i=1}^{N} x_i$$

# %%
x = rng.normal(size=1000)
total = 0.0
for number in x:
    total += number
verify(
    "the mean is the sum divided by N",
    got=torch.tensor(x).mean(),
    want=total / 1000,
    against="a loop that adds one number after the other",
    tolerance=1e-12,
    because="the order of additions changes the last digits",
)

# %% [markdown]
# Read it like this: what the library computed (`got`), what a loop that knows no library computed (`want`), how far
# apart they are, and how far they may be. In this course you need not believe anything.
#
# And here is the one formula that all others serve: a **derivative** says how much the output changes when an input
# changes a little.
#
# $$f(x + h) \approx f(x) + h \, f'(x)$$

# %%
t = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
y = t * t * t
y.backward()
h = 1e-4
verify(
    "f(x + h) = f(x) + h f'(x), for x³ at 2",
    got=y.item() + h * t.grad.item(),
    want=(2.0 + h) ** 3,
    against="x³ itself, a little further on",
    tolerance=1e-7,
    because="what is left is h² f''/2 = 6e-8: lesson 01 is about this",
)

# %% [markdown]
# ## Your first exercise
#
# ### Exercise 00.green: Turn a red check green
#
# Run the two cells below as they are: the check is red (or says that there is no answer yet). Then replace the line
# `raise NotImplementedError()` so that the function returns $x^2/2$, and run both again.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "00.green", "locked": false, "solution": true, "task": false}
def half_square(x):
    """x squared, divided by 2"""
    ### BEGIN SOLUTION
    return x * x / 2
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "00.green.check", "locked": true, "points": 1, "solution": false, "task": false}
check("00.green", half_square)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# A function gives its answer back with the word `return`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# In Python `x**2` or `x * x` is x squared.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The whole line: `return x * x / 2`
#
# </details>

# %% [markdown]
# ## Break it
#
# Now break it on purpose. Return `x * x` and run the check: it does not only say "wrong", it says **got = 2 · want**.
# Return nothing at all: it asks for the `return`. A message has five parts, and it pays to read them all:
#
# 1. which exercise, and on which input; 2. what was wanted; 3. what you returned; 4. the likely slip; 5. what to do next.
#
# ### Exercise 00.message: Read the message
#
# The mean squared error is the mean of all squared differences,
#
# $$\mathrm{MSE} = \frac{1}{N} \sum_{i=1}^{N} (p_i - t_i)^2$$
#
# Somebody wrote `((prediction - target) ** 2).sum()`. Try that first, read what the check says, then repair it.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "00.message", "locked": false, "solution": true, "task": false}
def mean_squared_error(prediction, target):
    """One number for two arrays of equal shape"""
    ### BEGIN SOLUTION
    return ((prediction - target) ** 2).mean()
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "00.message.check", "locked": true, "points": 1, "solution": false, "task": false}
check("00.message", mean_squared_error)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The message says by which factor your answer is off. What has that size?
#
# </details>
# <details><summary>Hint 2</summary>
#
# A mean is a sum divided by N.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `.mean()` instead of `.sum()`, or divide by `prediction.size`.
#
# </details>

# %% [markdown]
# ## Notation
#
# One page for the whole course; each lesson repeats what it needs.
#
# | symbol | meaning | shape |
# |---|---|---|
# | $x, y$ | input, output | any; written $(N, D)$: $N$ rows, $D$ columns |
# | $W, b$ | weights and bias, what is learned | $(D_{out}, D_{in})$ and $(D_{out})$, as PyTorch has them |
# | $L$ | the loss: how wrong we are, one number | $()$ |
# | $g$ or $\partial L/\partial x$ | the gradient with respect to $x$ | **that of $x$, always** |
# | $N$ | cases in a batch | |
# | $\odot$ | product entry by entry | |
# | $\Sigma$ | sum | |
#
# ### Exercise 00.shape: Which shape comes out
#
# Shapes are half of deep learning. $A$ has shape `first`, $B$ has shape `second`; which shape has $A B$? (Row $i$ of
# $A$ times column $j$ of $B$, summed over what lies between.)


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "00.shape", "locked": false, "solution": true, "task": false}
def product_shape(first, second):
    """The shape of A @ B, from the shapes of two matrices; first[1] == second[0]"""
    ### BEGIN SOLUTION
    return (first[0], second[1])
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "00.shape.check", "locked": true, "points": 1, "solution": false, "task": false}
check("00.shape", product_shape)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Try it: `(np.ones((3, 5)) @ np.ones((5, 7))).shape`
#
# </details>
# <details><summary>Hint 2</summary>
#
# The 5 is summed over, so it is gone.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Rows of the first, columns of the second: `(first[0], second[1])`.
#
# </details>

# %%
a, b = rng.normal(size=(3, 5)), rng.normal(size=(5, 7))
loop = np.array(
    [[sum(a[i, k] * b[k, j] for k in range(5)) for j in range(7)] for i in range(3)]
)
verify(
    "(A B)_ij = Σ_k A_ik B_kj",
    got=torch.tensor(a) @ torch.tensor(b),
    want=loop,
    against="three loops",
    tolerance=1e-13,
)

# %% [markdown]
# ## Experiment: change one thing
#
# Predict first: what happens to the reading model if the learning rate is a thousand times smaller, with equally many
# steps? Then run it, and try your own values.

# %%
slow = predict("share of right answers with lr = 0.0005, about", guess=None)


# %%
def train(lr, steps=150):
    """The share of right answers after a training with another learning rate."""
    torch.manual_seed(SEED)
    model = nn.Linear(64, 10)
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_function(model(pictures[learned]), labels[learned]).backward()
        optimizer.step()
    answers = model(pictures[held_out]).argmax(1)
    return (answers == labels[held_out]).float().mean().item()


rates = [0.0005, 0.005, 0.05, 0.5, 5.0, 50.0]
shares = [train(lr) for lr in rates]
for lr, share in zip(rates, shares):
    print(f"lr {lr:7.4f}   {100 * share:5.1f} %")
slow.reveal(round(shares[0], 2), within=0.15)

# %% [markdown]
# Too small, and it has not arrived; too large, and it jumps around. Between them lies a wide valley where almost
# anything works. Lesson 08 derives its edge.
#
# ![The share of right answers rises with the learning rate, stays high over two powers of ten, and falls again when steps are too large](../figures/00-rates.png)

# %%
figure = Figure(figsize=(6.4, 3), layout="constrained")
axes = figure.add_subplot()
axes.semilogx(rates, [100 * share for share in shares], marker="o", color="#0072B2")
axes.axhline(10, color="#666666", linestyle=":", label="guessing")
axes.set_xlabel("learning rate", fontsize=11)
axes.set_ylabel("right answers, %", fontsize=11)
axes.set_ylim(0, 100)
axes.legend(fontsize=11)
show_figure(
    figure,
    name="00-rates",
    alt="The share of right answers rises with the learning rate, stays high over two "
    "powers of ten, and falls again when steps are too large",
)

# %% [markdown]
# ## What it costs
#
# Every lesson counts before it measures. One step of the model multiplies 1,400 pictures of 64 pixels by 10 weights
# each, forward, and about once more backward: $2 \cdot 1400 \cdot 64 \cdot 10$ multiplications and additions each way.

# %%
import time

predicted = 2 * (2 * 1400 * 64 * 10)
begun = time.perf_counter()
train(0.5, steps=100)
seconds = (time.perf_counter() - begun) / 100
print("                     predicted     measured")
print(f"operations a step   {predicted:10,}            -")
print(f"seconds a step      {predicted / 1e10:10.6f}   {seconds:10.6f}")

# %% [markdown]
# A processor does about ten billion such operations in a second, so the prediction is 0.4 ms. If you measured more,
# the rest is the price of asking Python politely. How to find out where it goes is lesson 18.

# %% [markdown]
# ## Common mistakes
#
# | what you see | what it is | what helps |
# |---|---|---|
# | `NameError: name 'np' is not defined` | cells above were not run | menu *Run*, *Run All Above Selected Cell* |
# | a check says "not answered yet" | the line `raise NotImplementedError()` is still there | replace it |
# | a check says "returned None" | no `return` | say `return` |
# | `ModuleNotFoundError` | something is not installed | `tinygrad-edu doctor` in a terminal says what, and how to get it |
# | everything is strange | cells were run in another order | menu *Kernel*, *Restart Kernel and Run All Cells* |
#
# ## How grading works
#
# Your teacher may collect the notebook and run the same checks, with the same messages. What counts is the answer cell;
# you may add cells, play, and break things. A check never looks at how you did it, only at what comes out.

# %% [markdown]
# ## Summary
#
# - *Shift + Enter* runs a cell. Guess, run, compare.
# - Every formula is measured below itself. A gradient has the shape of its variable.
# - A red check is a conversation: which input, wanted, got, likely slip, what next.
# - `tinygrad-edu doctor` knows what is missing on your machine.

# %% [markdown]
# ## Further reading
#
# - [The package's README](../README.md): the floors of the house, in reading order.
# - *Project Jupyter* has a tour of JupyterLab in its Help menu: ten minutes that save hours.
# - M. Nielsen, *Neural Networks and Deep Learning*, chapter 1: digits again, told slowly.

# %% [markdown] tags=["instructor"]
# ## Instructor notes
#
# **Timing** (25 min): install and first run 8 (have the installation done before class), how a lesson works 5,
# exercises 8, experiment 4.
#
# **Where learners get stuck.** Running the check without running the answer cell again: let two of them fall into it
# and explain it to the others. Fear of red messages: do *Break it* together, aloud.
#
# **Variants.** Ask for the digit that is confused most (a confusion matrix in three lines); let a team find the largest
# learning rate that still works, by halving.
#
# **Open question for the end**: *The model is right in about 95 % of cases. Is that good?* Mark scheme (2): compared with
# what, guessing gives 10 % (1); what a mistake costs decides (1).
