# ---
# title: Tensors, broadcasting and the adjoint
# id: "03"
# version: 1
# minutes: {read: 45, exercises: 54}
# level: 3 of 5
# prerequisites: {lessons: ["02"], mathematics: ["matrix product", "sums with indices"]}
# needs: [numpy, matplotlib]
# seeds: [0]
# budget: 30
# next: "04"
# goals:
#   - {can: "say what was copied where, and what is summed on the way back", proved_by: "03.shapes"}
#   - {can: "take any broadcast gradient home to the shape of its variable", proved_by: "03.unbroadcast"}
#   - {can: "derive both gradients of a matrix product, index by index", proved_by: "03.matmul"}
#   - {can: "train a table of rows that are read more than once", proved_by: "03.embedding"}
#   - {can: "find wrong gradients that have all the right shapes", proved_by: "03.bugs"}
# ---

# %%
import time

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import tinygrad_edu as tg
from tinygrad_edu import ops, show
from tinygrad_edu.autograd import grad
from tinygrad_edu.course import check, predict, seed, show_figure, verify
from tinygrad_edu.testing.cases import CASES

SEED = seed(0)
BLUE, ORANGE, PINK = "#0072B2", "#D55E00", "#B4246B"  # pink: gradients

# %% [markdown]
# ## The matrix that nobody writes down
#
# In lesson 02 every edge of the graph carried one number: the slope of a number in a number. Now put arrays into the
# nodes. The slope of an array in an array is a *matrix*: one entry for each output number and each input number. It is
# called the **Jacobian**. Below, twelve everyday operations on an array of shape (3, 4), and the Jacobian of each: a column
# for each input number, a row for each output number. Color is a slope, white is 0.
#
# ![Twelve Jacobians side by side: exp is a diagonal, sums are rows of equal blocks, max one entry per row, transpose a permutation, an index repeated twice two entries in one column, broadcasting stacked identities, matrix products and softmax blocks](../figures/03-jacobians.png)
#
# Two things strike the eye. They are **mostly white**: sparse, regular, full of repetition. And they are **huge**, though our array
# has twelve numbers. Take a modest layer: 64 pictures of 784 pixels times a weight matrix of 784 by 512.

# %%
x = tg.randn(64, 784)
w = tg.randn(784, 512, requires_grad=True)
gigabytes = predict("GB that the Jacobian of x @ w in w takes, in float32", guess=None)

# %%
gigabytes.reveal((64 * 512) * (784 * 512) * 4 / 1e9, within=0.1)
loss = (x @ w).square().mean()
begun = time.perf_counter()
loss.backward()
took = 1e3 * (time.perf_counter() - begun)
print(f"backward took {took:.1f} ms, and w.grad has {w.grad.numpy().nbytes / 1e6:.1f} MB")

# %% [markdown]
# So whatever the engine did, it did not write down that matrix. **It multiplied with a matrix that was never there.** How
# that is done, for every operation you will ever meet, is this lesson.
#
# ## Warm-up
#
# Three questions from lesson 02.

# %%
first = predict("reverse sweeps for a gradient in a million weights", guess=None)
second = predict("x is used twice: its contributions are added or multiplied", guess=None)
third = predict("next in our engine's walk: the oldest or the youngest", guess=None)

# %%
first.reveal(1)
second.reveal("added")
third.reveal("youngest")

# %% [markdown]
# ## Notation
#
# | symbol | meaning | shape | in code |
# |---|---|---|---|
# | $x$ | the input of one operation | any, $n$ numbers in all | `x` |
# | $y = f(x)$ | its output | any, $m$ numbers in all | `y` |
# | $J_{ji} = \partial y_j / \partial x_i$ | the Jacobian, after laying $x$ and $y$ out in one long line each | $(m, n)$ | `jacobian(f, x)` |
# | $u$ | a direction in which $x$ moves | as $x$ | `u` |
# | $Ju$ | how $y$ moves then (Jacobian times vector) | as $y$ | |
# | $g = \bar y = \partial L / \partial y$ | the gradient that arrives from above | as $y$ | `g` |
# | $\bar x = J^\top g$ | the gradient that is sent on (vector times Jacobian, *vjp*) | as $x$ | `rule(g)` |
# | $\langle a, b \rangle = \sum_k a_k b_k$ | dot product over all entries, whatever the shape | a number | `(a * b).sum()` |
#
# The convention of this course, once and for all: **a gradient has the shape of its variable.** Not of its transpose, not of
# the batch. If `w` is (784, 512), then so is `w.grad`.
#
# ## 1. One edge, one matrix
#
# Lesson 02 ended with one line, the sum over the children. Apply it to an array: the children of the number $x_i$ are the
# output numbers $y_1, \dots, y_m$.
#
# 1. For each entry: $\bar x_i = \sum_j \bar y_j\, \partial y_j / \partial x_i = \sum_j \bar y_j\, J_{ji}$.
# 2. For all entries at once: sum over the *first* index of $J$, so it is the transpose that multiplies:
#
# $$ \underset{(n)}{\bar x} \;=\; \underset{(n,\,m)}{J^\top}\; \underset{(m)}{\bar y} $$
#
# 3. Two operations in a row, $y = f_2(f_1(x))$, multiply their Jacobians. Transposing turns the order around, and we
#    are free to choose the brackets. From right to left there is only ever a vector:
#
# $$ \bar x \;=\; (J_2 J_1)^\top \bar y \;=\; J_1^\top \,\big( J_2^\top \bar y \big) $$
#
# An engine needs, for each operation, **not the matrix $J$, but a function that returns $J^\top g$**. Such a function is called a
# *rule*, or *vector-Jacobian product*, and $J^\top$ the *adjoint* of $J$.


# %%
def jacobian(f, x):
    """The (m, n) matrix of all slopes, a column for each input number, by complex steps."""
    columns = []
    for k in range(x.size):
        nudge = np.zeros(x.size, dtype=complex)
        nudge[k] = 1e-30j
        columns.append(np.ravel(f(x + nudge.reshape(x.shape))).imag / 1e-30)
    return np.stack(columns, axis=1)


rng = np.random.default_rng(SEED)
A = rng.normal(size=(4, 3))
point, above = rng.normal(size=3), rng.normal(size=4)
t = tg.tensor(point, requires_grad=True)
(tg.tensor(A) @ t).tanh().backward(tg.tensor(above))
J1, J2 = jacobian(lambda x: A @ x, point), jacobian(np.tanh, A @ point)
verify(
    "x̄ = J₁ᵀ (J₂ᵀ ȳ) for y = tanh(A x)",
    got=t.grad,
    want=J1.T @ (J2.T @ above),
    against="both Jacobians written out, the library's backward on the other side",
    tolerance=1e-13,
    because="rounding",
)
zeros = predict("entries not 0 in the Jacobian of x.T, for x of shape (3, 4)", guess=None)

# %% [markdown]
# ## 2. What Jacobians look like
#
# Here is the code that drew the picture above. Each operation stands beside its rule: a function of $g$ (and, if need be, of $x$)
# that returns $J^\top g$ in the shape of $x$. Read the rules against the pictures. A diagonal: multiply entry by entry. A row of ones
# (a sum): its transpose is a column of ones (a copy). A permutation: the inverse permutation. Two entries in one column:
# two contributions that meet.


# %%
def softmax(x):
    """Each row: e^x, divided by its sum."""
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def softmax_rule(g, x):
    """Derived in lesson 06."""
    p = softmax(x)
    return p * (g - (g * p).sum(1, keepdims=True))


def max_rule(g, x):
    """All to the winner of each row."""
    return g[:, None] * (x == x.max(1)[:, None])


def index_rule(g, x):
    """x[[0, 2, 0]]: row 0 was read twice."""
    out = np.zeros_like(x)
    np.add.at(out, [0, 2, 0], g)
    return out


rng = np.random.default_rng(SEED)
INPUT, ROW, FACTOR = (rng.normal(size=size) for size in ((3, 4), (1, 4), (4, 2)))
TABLE = {  # name: (the operation, its rule, at which input)
    "x.sum(0)": (lambda x: x.sum(0), lambda g, x: np.tile(g, (3, 1)), INPUT),
    "x.mean(1)": (lambda x: x.mean(1), lambda g, x: np.tile(g[:, None] / 4, 4), INPUT),
    "x.max(1)": (lambda x: x.max(1), max_rule, INPUT),
    "x @ w, in x": (lambda x: x @ FACTOR, lambda g, x: g @ FACTOR.T, INPUT),
    "exp(x)": (np.exp, lambda g, x: g * np.exp(x), INPUT),
    "x.reshape(2, 6)": (lambda x: x.reshape(2, 6), lambda g, x: g.reshape(x.shape), INPUT),
    "x.T": (lambda x: x.T, lambda g, x: g.T, INPUT),
    "x[[0, 2, 0]]": (lambda x: x[[0, 2, 0]], index_rule, INPUT),
    "x + b, in b": (lambda b: INPUT + b, lambda g, b: g.sum(0), ROW[0]),
    "x @ w, in w": (lambda w: INPUT @ w, lambda g, w: INPUT.T @ g, FACTOR),
    "softmax(x)": (softmax, softmax_rule, INPUT),
    "concat(x, row)": (lambda x: np.concatenate([x, ROW]), lambda g, x: g[:-1], INPUT),
}
matrices = {name: jacobian(f, x) for name, (f, _, x) in TABLE.items()}
zeros.reveal(int((matrices["x.T"] != 0).sum()))

figure = Figure(figsize=(7, 5.75))
for place, (name, J) in enumerate(matrices.items()):
    top, rows = ((0.3, 6), (1.5, 12), (3.45, 16))[place // 4]  # in inches, in entries
    width, height = 1.55, 1.55 * (rows + 1.4) / 12.4
    corner = (0.1 + 1.73 * (place % 4)) / 7, 1 - (top + height) / 5.75
    axes = figure.add_axes((*corner, width / 7, height / 5.75))
    axes.set(xlim=(-0.7, 11.7), ylim=(rows + 0.7, -0.7))
    axes.axis("off")
    largest = 0.7 * abs(J).max()
    places = np.arange(J.shape[1] + 1) - 0.5, np.arange(J.shape[0] + 1) - 0.5
    look = {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}
    axes.pcolormesh(*places, J, edgecolors="#DDD", lw=0.5, **look)
    axes.set_title(name, fontsize=11, family="monospace", loc="left", pad=2)
    size = f"{J.shape[0]} × {J.shape[1]}, {(J != 0).sum()} not 0"
    axes.text(-0.5, J.shape[0] + 0.2, size, fontsize=10, va="center")
show_figure(
    figure,
    name="03-jacobians",
    alt="Twelve Jacobians side by side: exp is a diagonal, sums are rows of equal blocks, "
    "max one entry per row, transpose a permutation, an index repeated twice two entries "
    "in one column, broadcasting stacked identities, matrix products and softmax blocks",
)

# %% [markdown]
# ## 3. The dot-product test
#
# Are those twelve rules right? We could compare with the Jacobians above, for twelve numbers. For a real layer we could not: 53 GB.
# Here is a test that never writes $J$ down, costs two evaluations, and yet sees every entry.
#
# Take a random direction $u$ in the input and random weights $v$ on the output, and write out $v^\top J u$ in both ways:
#
# 1. $\sum_j v_j \big(\sum_i J_{ji} u_i\big)$: first move the input along $u$, see how the output moves, weigh it with $v$;
# 2. $\sum_i \big(\sum_j J_{ji} v_j\big) u_i$: first send $v$ back through the rule, then weigh it with $u$.
#
# It is the same double sum. So
#
# $$ \big\langle v,\; J u \big\rangle \;=\; \big\langle J^\top v,\; u \big\rangle $$
#
# The left side needs only the operation: $Ju$ is one complex step along $u$. And if the operation is **linear**, as seven of our
# twelve are, not even that: then $Ju = f(u)$. (Two more are linear plus a constant.) The right side needs only the rule. Two
# numbers; if they differ, the rule is wrong. If they agree for random $u$ and $v$, it is right at this $x$: a wrong rule
# would need an error orthogonal to both, and random directions are that with probability 0.


# %%
def dot_test(f, rule, x, rng):
    """(⟨v, J u⟩, ⟨Jᵀ v, u⟩) for random u and v: one by running f, one by the rule."""
    u = rng.normal(size=x.shape)
    moved = f(x + 1e-30j * u).imag / 1e-30
    v = rng.normal(size=moved.shape)
    back = rule(v, x)
    if back.shape != x.shape:
        raise ValueError(f"a gradient of shape {back.shape} for a variable of {x.shape}")
    return (v * moved).sum(), (back * u).sum()


rng = np.random.default_rng(SEED)
pairs = {name: dot_test(*entry, rng) for name, entry in TABLE.items()}
for name, (left, right) in pairs.items():
    print(f"{name:16} ⟨v, J u⟩ = {left:11.8f}   ⟨Jᵀ v, u⟩ = {right:11.8f}")
verify(
    "⟨v, J u⟩ = ⟨Jᵀ v, u⟩ for all twelve",
    got=[right for _, right in pairs.values()],
    want=[left for left, _ in pairs.values()],
    against="one complex step along u",
    tolerance=1e-13,
    because="rounding, in sums of at most 12 terms",
)
ones = {name: np.ones_like(f(x)) for name, (f, _, x) in TABLE.items()}
verify(
    "each rule is multiplication with Jᵀ",
    got=[rule(ones[name], x) for name, (_, rule, x) in TABLE.items()],
    want=[matrices[name].sum(0).reshape(x.shape) for name, (_, _, x) in TABLE.items()],
    against="the twelve matrices, their rows added up",
    tolerance=1e-13,
    because="rounding",
)

# %% [markdown]
# Adjoint pairs are everywhere once you have seen them: **copy and sum, read and write, pad and crop, transpose and transpose
# back.** If $f$ is linear and you know its adjoint, you know its gradient, and the gradient of the adjoint too: it is $f$.
# Half of the rules of this library are such pairs.
#
# ## 4. Broadcasting is a copy
#
# `x + b` with `x` of shape (3, 4) and `b` of shape (4) runs without a loop in sight. What happens to `b`? It is copied to every
# row, then added. Since the addition is harmless (slope 1), look at the copying alone, $y = Bb$:
#
# 1. In indices: $y_{ij} = b_j$ for every $i$. So $\partial y_{ij} / \partial b_k = \delta_{jk}$: 1 if $j = k$, else 0.
# 2. Adjoint: $\bar b_k = \sum_{ij} g_{ij}\, \delta_{jk} = \sum_i g_{ik}$. The $\delta$ swallows the sum over $j$; the one over $i$ remains.
#
# $$ y_{ij} = b_j \qquad\Longrightarrow\qquad \bar b_j \;=\; \sum_{i} g_{ij} $$
#
# In words: **the gradient of a copy is the sum over the copies.** It had to be: each copy is a child. And the other way
# round, the gradient of a sum is a copy: that is its adjoint read backwards.
#
# ![Broadcasting copies a row of four numbers to three rows; on the way back the three rows of gradients are summed to one. A column of three numbers is copied to four columns and its gradient is the sum along each row](../figures/03-broadcast.png)

# %%
UNIT = 0.36  # the side of a box, in inches


def cells(axes, numbers, left, middle, color, bright=()):
    """A table of numbers in boxes; the entries named in `bright` are darker."""
    rows, columns = numbers.shape
    for i, j in np.ndindex(rows, columns):
        corner = left + UNIT * j, middle + UNIT * (rows / 2 - i - 1)
        box = Rectangle(corner, UNIT, UNIT, facecolor=color, edgecolor="gray", lw=0.8)
        box.set_alpha(1.0 if (i, j) in bright else 0.25)
        axes.add_patch(box)
        text = f"{numbers[i, j]:g}".replace("-", "−")
        center = corner[0] + UNIT / 2, corner[1] + UNIT / 2
        ink = "white" if (i, j) in bright else "black"
        axes.text(*center, text, size=10, ha="center", va="center", color=ink)


def canvas(height):
    """A figure and axes that are measured in inches."""
    figure = Figure(figsize=(7, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 7), ylim=(0, height))
    axes.axis("off")
    return figure, axes


figure, axes = canvas(3.3)
row, column = np.array([[2, 7, 1, 8]]), np.array([[3], [1], [4]])
g = np.random.default_rng(SEED).integers(-4, 10, size=(3, 4))
axes.text(0.15, 3.1, "forward: copy", size=11, color=BLUE)
axes.text(3.75, 3.1, "backward: sum over the copies", size=11, color=PINK)
for small, middle in ((row, 2.3), (column, 0.85)):
    total = g.sum(0, keepdims=True) if small is row else g.sum(1, keepdims=True)
    wide = UNIT * small.shape[1]
    cells(axes, small, 0.15, middle, BLUE)
    cells(axes, np.broadcast_to(small, (3, 4)), 2.05, middle, BLUE)
    cells(axes, g, 3.75, middle, PINK)
    cells(axes, total, 5.5, middle, PINK)
    for start, end, color in ((0.2 + wide, 2.0, BLUE), (5.24, 5.45, PINK)):
        style = {"arrowstyle": "-|>", "color": color, "lw": 1.8}
        axes.annotate("", (end, middle), (start, middle), arrowprops=style)
    axes.text(0.15, middle - 0.73, str(small.shape), size=10)
    axes.text(2.05, middle - 0.73, "(3, 4)", size=10)
    axes.text(3.75, middle - 0.73, "g, (3, 4)", size=10)
    axes.text(5.5, middle - 0.73, f"gradient, {total.shape}", size=10)
show_figure(
    figure,
    name="03-broadcast",
    alt="Broadcasting copies a row of four numbers to three rows; on the way back the three "
    "rows of gradients are summed to one. A column of three numbers is copied to four "
    "columns and its gradient is the sum along each row",
)
verify(
    "b̄_j = Σ_i g_ij",
    got=g.sum(0),
    want=matrices["x + b, in b"].T @ g.reshape(-1),
    against="the Jacobian of x + b in b from the wall above, transposed",
    tolerance=1e-13,
    because="rounding of the complex step",
)

# %% [markdown]
# Which axes are copied? NumPy's rule, which is everybody's: write the shapes below each other, **aligned at the right**. An
# axis that is missing counts as 1. Sizes must be equal, or one of them 1; that one is copied.
#
# ### Exercise 03.shapes: Who was copied where
# `x` has shape (7, 1, 5), `y` has shape (3, 1), and `z = x * y`. Which shape has `z`? Over which axes of the gradient of `z`
# (numbered from the left, from 0) is the gradient of `x` summed, and over which that of `y`? Three tuples; a tuple of
# one is written `(3,)`.

# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "03.shapes", "locked": false, "solution": true, "task": false}
# copied = (shape of z, axes of z summed for x, axes of z summed for y)
### BEGIN SOLUTION
copied = ((7, 3, 5), (1,), (0, 2))
### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "03.shapes.check", "locked": true, "points": 2, "solution": false, "task": false}
check("03.shapes", copied)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Below each other, aligned at the right: 7 1 5 above · 3 1.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The dot is an axis that `y` does not have. It counts as 1, so `y` is copied along it, too.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `z` takes the larger size of each column: 7, 3, 5. `x` had a 1 in the middle column only; `y` had one on the left (missing) and
# one on the right.
#
# </details>
#
# ### Exercise 03.unbroadcast: Sum back what was copied
# Write the function with which *every* rule of an operation on two arrays ends: `g` has the shape of the result, the
# variable has the shape `shape`. Sum `g` over all axes along which the variable was copied, and return an array of
# exactly the variable's shape. If nothing was copied, nothing is summed.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "03.unbroadcast", "locked": false, "solution": true, "task": false}
def unbroadcast(g, shape):
    """Sum g over the axes along which a variable of this shape was copied."""
    ### BEGIN SOLUTION
    new = g.ndim - len(shape)
    stretched = [i + new for i, n in enumerate(shape) if n == 1 and g.shape[i + new] != 1]
    return g.sum(axis=(*range(new), *stretched)).reshape(shape)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "03.unbroadcast.check", "locked": true, "points": 3, "solution": false, "task": false}
check("03.unbroadcast", unbroadcast)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two kinds of axes were copied: those that the variable does not have at all (they are on the left), and those where it has
# size 1 and `g` has more.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `new = g.ndim - len(shape)` axes are missing. The variable's axis `i` is axis `i + new` of `g`. Collect all the axis numbers of
# both kinds, and sum once: `g.sum(axis=(0, 2))` takes a tuple.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The sum loses the axes of size 1. They come back with `.reshape(shape)` at the end.
#
# </details>
#
# ### Six ways to copy
#
# Your function against the dot-product test. Copying is linear, so $Ju$ is the copy of $u$, and no derivative is needed.

# %%
rng = np.random.default_rng(SEED)
found, wanted = [], []
for small, large in (
    ((4,), (3, 4)),
    ((3, 1), (3, 4)),
    ((), (3, 4)),
    ((1, 4), (5, 3, 4)),
    ((5, 1, 1), (5, 3, 4)),
    ((3, 1), (5, 3, 4)),
):
    u, v = rng.normal(size=small), rng.normal(size=large)
    wanted.append((v * np.broadcast_to(u, large)).sum())
    found.append((unbroadcast(v, small) * u).sum())
verify(
    "the adjoint of a copy is the sum over the copies",
    got=found,
    want=wanted,
    against="⟨v, copy of u⟩, for six pairs of shapes",
    tolerance=1e-13,
    because="rounding, in sums of at most 60 terms",
)

# %% [markdown]
# ## 5. The matrix product
#
# The one derivative to know by heart, and the one most often got by "the shapes fit this way". Let us earn it. $Y = XW$ with $X$
# of shape $(n, k)$ and $W$ of shape $(k, m)$:
#
# 1. In indices: $Y_{ij} = \sum_c X_{ic} W_{cj}$.
# 2. The slope in one entry of $X$: $\partial Y_{ij} / \partial X_{ab} = \delta_{ia}\, W_{bj}$. Row $i$ of $Y$ sees only row $i$ of $X$.
# 3. Sum over the children: $\bar X_{ab} = \sum_{ij} G_{ij}\, \delta_{ia}\, W_{bj} = \sum_j G_{aj} W_{bj}$. The $\delta$ swallows the sum over $i$.
# 4. Read it as a product: $W_{bj}$ with the summed index *second* is a transpose. Likewise for $W$: $\partial Y_{ij} / \partial W_{ab} = X_{ia}\, \delta_{jb}$, so $\bar W_{ab} = \sum_i X_{ia} G_{ib}$.
#
# $$ \underset{(n,\,k)}{\bar X} \;=\; \underset{(n,\,m)}{G}\;\underset{(m,\,k)}{W^\top} \qquad\qquad \underset{(k,\,m)}{\bar W} \;=\; \underset{(k,\,n)}{X^\top}\;\underset{(n,\,m)}{G} $$
#
# The picture to keep: each entry $G_{ij}$ says "I want to go up this much". It hands row $i$ of $\bar X$ a copy of column $j$ of $W$,
# and column $j$ of $\bar W$ a copy of row $i$ of $X$, both times $G_{ij}$. All of them together are the two products.
#
# ![Each entry of G adds a multiple of a column of W to a row of the gradient of X, and a multiple of a row of X to a column of the gradient of W; after all six entries both gradients are complete](../figures/03-matmul.gif)

# %%
XF, WF = np.array([[1, 2, 0], [-1, 3, 1]]), np.array([[2, 1, 0], [1, 0, 3], [-1, 4, 1]])
GF = np.array([[1, -2, 3], [2, 1, -1]])


def matmul_frame(axes, count):
    """The first `count` entries of G have been handed on; the last of them is marked."""
    dx, dw, last = np.zeros_like(XF), np.zeros_like(WF), None
    for i, j in [*np.ndindex(GF.shape)][:count]:
        dx[i] += GF[i, j] * WF[:, j]
        dw[:, j] += GF[i, j] * XF[i]
        last = i, j
    i, j = last if count <= GF.size and last else (-1, -1)
    axes.clear()
    axes.set(xlim=(0, 7), ylim=(0, 3.1))
    axes.axis("off")
    cells(axes, XF, 0.5, 0.95, BLUE, {(i, c) for c in range(3)})
    cells(axes, WF, 2.0, 2.2, BLUE, {(c, j) for c in range(3)})
    cells(axes, GF, 2.0, 0.95, PINK, {(i, j)})
    cells(axes, dx, 3.9, 0.95, PINK, {(i, c) for c in range(3)})
    cells(axes, dw, 5.6, 2.2, PINK, {(c, j) for c in range(3)})
    for x, y, text in ((0.5, 1.4, "X"), (2.0, 2.85, "W"), (2.0, 1.4, "G, at XW")):
        axes.text(x, y, text, size=11)
    axes.text(3.9, 1.4, "gradient of X", size=11, color=PINK)
    axes.text(5.6, 2.85, "gradient of W", size=11, color=PINK)
    note = "the gradients are zero at first"
    if last:
        note = f"{GF[last]} times the dark column of W and row of X".replace("-", "−")
    if count > GF.size:
        note = "all together: G Wᵀ and Xᵀ G"
    axes.text(0.5, 0.2, note, size=11)


figure, axes = canvas(3.1)
show_figure(
    FuncAnimation(figure, lambda k: matmul_frame(axes, k), GF.size + 2, interval=1200),
    name="03-matmul",
    alt="Each entry of G adds a multiple of a column of W to a row of the gradient of X, and a "
    "multiple of a row of X to a column of the gradient of W; after all six entries both "
    "gradients are complete",
)
rng = np.random.default_rng(SEED)
X, W, G = (rng.normal(size=size) for size in ((3, 5), (5, 7), (3, 7)))
verify(
    "X̄ = G Wᵀ and W̄ = Xᵀ G",
    got=[G @ W.T, X.T @ G],
    want=[
        (jacobian(lambda X: X @ W, X).T @ G.reshape(-1)).reshape(X.shape),
        (jacobian(lambda W: X @ W, W).T @ G.reshape(-1)).reshape(W.shape),
    ],
    against="both Jacobians written out: 21 × 15 and 21 × 35",
    tolerance=1e-13,
    because="rounding",
)

# %% [markdown]
# And with a bias, $Y = XW + b$? Nothing new: $b$ is copied to every row, so $\bar b_j = \sum_i G_{ij}$, the column sums of $G$. That is
# `unbroadcast(G, b.shape)`.
#
# ### Exercise 03.matmul: The two products of a product
# Write it for batches: `x` has shape (…, n, k), `y` has shape (…, k, m), and the axes in front are broadcast like everything
# else: (11, 3, 5) @ (5, 7) multiplies eleven matrices with the same one. Who was copied, must be summed.
# (`a.mT` transposes the last two axes; `a.T` turns *all* of them around.)


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "03.matmul", "locked": false, "solution": true, "task": false}
def matmul_backward(g, x, y):
    """The gradients (dx, dy) of x @ y, where g is the gradient of the product."""
    ### BEGIN SOLUTION
    return unbroadcast(g @ y.mT, x.shape), unbroadcast(x.mT @ g, y.shape)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "03.matmul.check", "locked": true, "points": 3, "solution": false, "task": false}
check("03.matmul", matmul_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Without a batch it is the formula above. Does your answer pass the first input?
#
# </details>
# <details><summary>Hint 2</summary>
#
# `@` treats the last two axes as matrices and broadcasts the others, so `g @ y.mT` is right for batches, but as large as the
# larger batch.
#
# </details>
# <details><summary>Hint 3</summary>
#
# You have a function that takes a gradient home to the shape of its variable: `unbroadcast(g @ y.mT, x.shape)`. The other one
# alike.
#
# </details>
#
# ## 6. Reading a row twice
#
# A language model begins with a table $E$, one row of numbers for each letter (or word), and reads the rows of its text:
# `y = E[tokens]`. Reading is linear. Its adjoint is *writing back*, and the only question is what happens when the text has
# the same letter twice.
#
# 1. In indices: $y_{td} = E_{k_t\,d}$, where $k_t$ is the letter at place $t$. So $\partial y_{td} / \partial E_{kc} = \delta_{k\,k_t}\, \delta_{cd}$.
# 2. Sum over the children: $\bar E_{kd} = \sum_t \delta_{k\,k_t}\, g_{td}$. The $\delta$ picks the places where letter $k$ stands:
#
# $$ \bar E_{kd} \;=\; \sum_{t \,:\, k_t = k} g_{td} $$
#
# 3. In matrices: reading is $y = OE$, with a one in row $t$ of $O$ at column $k_t$. So $\bar E = O^\top g$. Nobody multiplies with
#    that $O$, which is nearly all zeros; one adds rows.
#
# Each place where a letter stands is one child of its row. **Rows that are read more than once add up.** In NumPy there is a trap here,
# and people fall into it every day:

# %%
g = np.array([[1.0], [10.0], [100.0]])
tokens = np.array([0, 0, 2])  # the letter 0 stands at two places
table = np.zeros((3, 1))
table[tokens] += g
expected = predict("the first row of the table after table[tokens] += g", guess=None)

# %%
expected.reveal(table[0, 0])
added = np.zeros((3, 1))
np.add.at(added, tokens, g)
E = tg.zeros(3, 1, dtype=tg.float64, requires_grad=True)
E[tokens].backward(tg.tensor(g))
for name, gradient in (("+=", table), ("add.at", added), ("library", E.grad.numpy())):
    print(f"{name:8} {gradient.ravel()}")
verify(
    "the gradient of reading is adding back: Ē = Oᵀ g",
    got=[added, E.grad],
    want=[np.eye(3)[tokens].T @ g] * 2,
    against="the product with a matrix of zeros and ones",
    tolerance=0,
    because="these are whole numbers",
)

# %% [markdown]
# `table[tokens] += g` means `table[tokens] = table[tokens] + g`: it reads three rows (0, 0, 2), adds, and then *assigns* three rows,
# two of them to the same place. The last one wins. It is the colleague's `=` of lesson 02, in disguise.
#
# ### Exercise 03.embedding: Rows that are read twice
# Write the rule. `g` has shape (T, D), `tokens` has shape (T); or, for a batch of texts, (B, T, D) and (B, T). The table has `rows` rows.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "03.embedding", "locked": false, "solution": true, "task": false}
def embedding_backward(g, tokens, rows):
    """The gradient of a table of `rows` rows from the gradient g of table[tokens]."""
    ### BEGIN SOLUTION
    out = np.zeros((rows, g.shape[-1]))
    np.add.at(out, tokens, g)
    return out
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "03.embedding.check", "locked": true, "points": 2, "solution": false, "task": false}
check("03.embedding", embedding_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What shape must come out? A gradient has the shape of its variable: here the table, not the text.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Begin with zeros. A loop over the places `t` with `out[tokens[t]] += g[t]` is right for one text, since there each `+=` handles a
# single row.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `np.add.at(out, tokens, g)` does it for any shape of `tokens`, and for repetitions.
#
# </details>
#
# ## Break it
#
# **1. Forget to sum.** Here is a training step for a layer with a bias whose gradient was not summed. There will be no error.

# %%
rng = np.random.default_rng(SEED)
x, w, b = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), np.zeros(2)
for step in range(2):
    g = 2 * (x @ w + b - 1.0) / 10
    b = b - 0.1 * g  # instead of g.sum(0)
    print(f"after step {step + 1} the bias has shape {b.shape}")

# %% [markdown]
# Broadcasting did what it does, forwards and in the update: (2) minus (5, 2) is (5, 2). Every training example now owns a bias. The
# training loss is going to be splendid. The crash will come with the first test batch of another size.
# **Assert the shape of each gradient**, once. (The library does: it refuses a `.grad` of another shape.)
#
# **2. Square matrices.** As long as everything is 5 by 5, no shape will ever complain:
#
# ### Exercise 03.bugs: All shapes fit, all numbers wrong
# $h = xw + b$, $\;y = h \odot s$, $\;L = \operatorname{mean}(y^2)$, with a bias $b$ and a scale $s$ for each column. The colleague of lesson 02
# is back, with a backward pass for it. It was tried on five examples of five numbers, and "every shape is right". The dot-product
# test below disagrees. Find all the bugs.


# %%
def layer(x, w, b, s):
    """The mean of the squares of (x w + b) s."""
    return (((x @ w + b) * s) ** 2).mean()


def layer_backward_by_a_colleague(x, w, b, s):
    """The gradients (dx, dw, db, ds)."""
    h = x @ w + b
    y = h * s
    dy = 2 * y / len(y)
    ds = (dy * y).sum(axis=1)
    dh = dy * s
    db = dh.sum(axis=1)
    dw = x.T @ dh
    dx = dh @ w
    return dx, dw, db, ds


def judge(backward, sizes, rng):
    """For each variable: shape and dot product of its gradient, beside a complex step."""
    inputs = [rng.normal(size=size) for size in sizes]
    for k, (name, gradient) in enumerate(zip("xwbs", backward(*inputs))):
        u = rng.normal(size=sizes[k])
        moved = [one + 1e-30j * u if i == k else one for i, one in enumerate(inputs)]
        want, fits = layer(*moved).imag / 1e-30, gradient.shape == sizes[k]
        got = (gradient * u).sum() if fits else np.nan
        verdict = "ok" if np.isclose(got, want) else "???"
        print(f"d{name} {gradient.shape!s:7}", end="")
        print(f"wanted {want:9.5f}   got {got:9.5f}   {verdict}")


rng = np.random.default_rng(SEED)
judge(layer_backward_by_a_colleague, [(5, 5), (5, 5), (5,), (5,)], rng)


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "03.bugs", "locked": false, "solution": true, "task": false}
def layer_backward(x, w, b, s):
    """The gradients (dx, dw, db, ds) of mean(((x @ w + b) * s) ** 2)."""
    ### BEGIN SOLUTION
    h = x @ w + b
    y = h * s
    dy = 2 * y / y.size  # a mean over all entries
    ds = (dy * h).sum(axis=0)  # the slope of h s in s is h, and s was copied to every row
    dh = dy * s
    db = dh.sum(axis=0)  # b was copied to every row
    dw = x.T @ dh
    dx = dh @ w.T
    return dx, dw, db, ds
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "03.bugs.check", "locked": true, "points": 4, "solution": false, "task": false}
check("03.bugs", layer_backward)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# There are five. Call `judge` with sizes that are all different, [(7, 3), (3, 5), (5,), (5,)]: three show at once.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Begin at the end, as backward does. Over how many numbers is the mean? What is the slope of $h s$ in $s$? Who was copied?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `y.size` instead of `len(y)`; `h` instead of `y` in `ds`; `axis=0` in `ds` and in `db`; `w.T` in `dx`.
#
# </details>
#
# ## 7. Your engine, with arrays
#
# Now put it together. Lesson 02's `Scalar` kept a slope for each parent, and backward multiplied. An `Array` keeps a **rule**
# for each parent, and backward calls it. Nothing else changes. And the order comes from the age, as in ours.


# %%
class Array:
    """An array that remembers its parents, and for each a rule: g -> the parent's share."""

    born = 0

    def __init__(self, data, parents=(), rules=()):
        self.data, self.parents, self.rules = np.asarray(data, float), parents, rules
        Array.born += 1
        self.age = Array.born

    def __add__(self, other):
        shapes = self.data.shape, other.data.shape
        rules = [lambda g, shape=shape: unbroadcast(g, shape) for shape in shapes]
        return Array(self.data + other.data, (self, other), rules)

    def __mul__(self, other):
        x, y = self.data, other.data
        pairs = (y, x.shape), (x, y.shape)
        rules = [lambda g, a=a, shape=n: unbroadcast(g * a, shape) for a, n in pairs]
        return Array(x * y, (self, other), rules)

    def __matmul__(self, other):
        x, y = self.data, other.data
        rules = [lambda g, k=k: matmul_backward(g, x, y)[k] for k in (0, 1)]
        return Array(x @ y, (self, other), rules)

    def __getitem__(self, tokens):
        def rule(g):
            return embedding_backward(g, tokens, len(self.data))

        return Array(self.data[tokens], (self,), [rule])

    def tanh(self):
        out = np.tanh(self.data)
        return Array(out, (self,), [lambda g: g * (1 - out**2)])

    def mean(self):
        x = self.data
        return Array(x.mean(), (self,), [lambda g: np.broadcast_to(g / x.size, x.shape)])

    def backward(self):
        found, stack = {}, [self]
        while stack:
            node = stack.pop()
            found[node.age] = node
            stack.extend(node.parents)
        for node in found.values():
            node.grad = np.zeros_like(node.data)
        self.grad = np.ones_like(self.data)
        for age in sorted(found, reverse=True):  # children before their parents
            node = found[age]
            for parent, rule in zip(node.parents, node.rules):
                parent.grad = parent.grad + rule(node.grad)


def model(E, w, b, s, tokens):
    """Reads letters, one layer, a scale, and the mean of the squares: works on anything."""
    y = (E[tokens] @ w + b).tanh() * s
    return (y * y).mean()


rng = np.random.default_rng(SEED)
tokens = np.array([[3, 1, 3, 0], [1, 1, 5, 3]])
values = [rng.normal(size=size) for size in ((7, 3), (3, 5), (5,), (4, 1))]
ours = [Array(value) for value in values]
theirs = [tg.tensor(value, requires_grad=True) for value in values]
model(*ours, tokens).backward()
model(*theirs, tokens).backward()
verify(
    "your engine with arrays = the library",
    got=[one.grad for one in ours],
    want=[one.grad for one in theirs],
    against="tinygrad_edu",
    tolerance=1e-13,
    because="the same sums, perhaps in another order",
)

# %% [markdown]
# One thing is wasteful: while you search for nodes, a node that can be reached by many paths goes onto the stack many
# times. (Lesson 02, "visits": which line is missing?)
#
# ## What it costs
#
# A product of $(n, k)$ and $(k, m)$ takes $2nkm$ floating-point operations: a multiplication and an addition for each of $nkm$
# triples. Backward has two products of the same size. So it should take twice as long, and **training costs three
# times as much as inference**, in all networks that consist of matrix products. What is kept until then are the two factors; never a Jacobian.

# %%
n = 512
rng = np.random.default_rng(SEED)
x, w, g = (rng.normal(size=(n, n)).astype(np.float32) for _ in range(3))
t, u = (tg.tensor(one, requires_grad=True) for one in (x, w))
product = t @ u
saved = [one for several in product.grad_fn.saved for one in several]
kept = sum(one.nbytes for one in saved if isinstance(one, np.ndarray)) / 1e6


def milliseconds(*actions):
    """For each the shortest of nine runs, in turns: the others were disturbed."""
    found = [[] for _ in actions]
    for _ in range(9):
        for action, times in zip(actions, found):
            begun = time.perf_counter()
            action()
            times.append(1e3 * (time.perf_counter() - begun))
    return map(min, found)


forward, backward = milliseconds(lambda: x @ w, lambda: matmul_backward(g, x, w))
rate = 2 * n**3 / forward / 1e6  # GFLOP/s
rows = [
    ("time backward / time forward", 2, backward / forward),
    (f"backward at {rate:.0f} GFLOP/s, ms", 4 * n**3 / rate / 1e6, backward),
    ("kept by the library, MB", 2 * n * n * 4 / 1e6, kept),
    ("the two Jacobians, GB", 2 * n**4 * 4 / 1e9, 0),
]
print(f"{'':34} {'predicted':>12} {'measured':>12}")
for what, predicted, measured in rows:
    print(f"{what:34} {predicted:12.2f} {measured:12.2f}")

# %% [markdown]
# ## Experiment: a table learns a tongue twister
#
# The smallest language model: a table with a row for each letter, whose entries guess how likely each letter comes next. Row
# $k$ is read wherever letter $k$ stands. The loss is the mean squared difference to what came next (a one among zeros).
#
# The ladder: **1.** At the start the table is 0, the loss is the mean of the squared targets, $1/V$ for $V$ letters, exactly. **2.** The
# gradient passes the dot-product test. **3.** Train. And the best table is known: the mean of what came next, that is the frequencies.

# %%
TEXT = "she sells sea shells by the sea shore the shells she sells are sea shells i am sure"
letters = sorted(set(TEXT))
tokens = np.array([letters.index(letter) for letter in TEXT])
before, after = tokens[:-1], np.eye(len(letters))[tokens[1:]]


def table_loss(table):
    """The mean squared error of guessing the next letter by reading a row."""
    return ((table[before] - after) ** 2).mean()


def table_gradient(table, rule):
    """Its gradient, by a rule for reading rows."""
    return rule(2 * (table[before] - after) / after.size, before, len(letters))


def fancy_add(g, tokens, rows):
    """The trap."""
    out = np.zeros((rows, g.shape[-1]))
    out[tokens] += g
    return out


start = np.zeros((len(letters), len(letters)))
V = len(letters)
verify("the loss at the start", table_loss(start), 1 / V, against="1/V", tolerance=1e-15)
u = np.random.default_rng(SEED).normal(size=start.shape)
verify(
    "the gradient of the table, along u",
    got=(table_gradient(start + 0.1, embedding_backward) * u).sum(),
    want=table_loss(start + 0.1 + 1e-30j * u).imag / 1e-30,
    against="a complex step along a random u",
    tolerance=1e-14,
    because="rounding",
)
counts = np.bincount(before)
LEARNING_RATE = after.size / 2 / counts.max()  # the commonest letter is learned in one step
wrong = predict("how many times as large is the final loss with +=", guess=None)

# %% [markdown]
# ![A table trained on a tongue twister with gradients that add up becomes the table of letter frequencies; trained with the fancy += it holds a single certain letter per row, the last one it met, and its loss, after falling, climbs back](../figures/03-repeated.png)

# %%
tables, curves = {}, {}
for name, rule in (("add.at", embedding_backward), ("fancy +=", fancy_add)):
    table, losses = start.copy(), []
    for _ in range(800):
        losses.append(table_loss(table))
        table = table - LEARNING_RATE * table_gradient(table, rule)
    tables[name], curves[name] = table, losses
frequencies = np.stack([after[before == k].mean(0) for k in range(len(letters))])
verify(
    "the trained table is the table of frequencies",
    got=tables["add.at"],
    want=frequencies,
    against="counting letters",
    tolerance=1e-6,
    because="a letter that occurs once is learned slowest, by 1 - 1/16 per step",
)
wrong.reveal(curves["fancy +="][-1] / curves["add.at"][-1], within=0.2)

figure = Figure(figsize=(7, 2.75), layout="constrained")
panels = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
names = [letter.replace(" ", "␣") for letter in letters]
for axes, (name, table) in zip(panels, tables.items()):
    axes.imshow(table, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, fontsize=10)
    axes.set_yticks(range(len(names)), names, fontsize=10)
    axes.set_title(name, fontsize=11, family="monospace")
panels[0].set_ylabel("letter", fontsize=10)
for (name, losses), style in zip(curves.items(), ("-", "--")):
    color = BLUE if style == "-" else ORANGE
    panels[2].semilogx(np.arange(1, 801), losses, style, color=color, label=name)
panels[2].set_xlabel("step", fontsize=10)
panels[2].set_title("loss", fontsize=11)
panels[2].legend(fontsize=10, loc="center right", bbox_to_anchor=(1, 0.3))
panels[2].grid(alpha=0.3)
show_figure(
    figure,
    name="03-repeated",
    alt="A table trained on a tongue twister with gradients that add up becomes the table "
    "of letter frequencies; trained with the fancy += it holds a single certain letter per "
    "row, the last one it met, and its loss, after falling, climbs back",
)

# %% [markdown]
# Look at the dashed curve. No crash, no NaN; the loss falls nicely for ten steps, and then *climbs all the way back*, although
# this is a convex problem and the learning rate is right. If a loss that you minimize goes up, distrust the gradient before
# the learning rate. The table in the middle shows what it learned: of each letter one example by heart, the last one in the text.
#
# Change one thing and predict: the text, the learning rate (when does it diverge?), or begin with random numbers.
#
# ## 8. Reading ours
#
# An operation, its derivative on the next lines. You have derived every one of these: the two products of `matmul`, the
# pair `broadcast` and `sum`, each with the other in its rule, the pair `getitem` and `put`, and `unbroadcast`.

# %%
show.source("matmul")
show.source("broadcast")
show.source(ops.broadcasting.unbroadcast)
show.source("getitem")
show.source("put")

# %% [markdown]
# Look at the *names* in each rule: `lambda g, y, x_shape:`. They are all that the tape keeps: of `y` the array, of `x` a tuple of
# numbers. And `unique` in `getitem`: a slice reads nothing twice, so its gradient may be assigned, which is many times faster than
# `add.at`. (You met the one case where it must not.)
#
# And the test that you know now, for all of ours. The library keeps a table of every operation on every kind of input that
# ever broke one; the right side is backward, the left side two evaluations.

# %%
rng = np.random.default_rng(SEED)
x, y = rng.normal(size=(11, 3, 5)), rng.normal(size=(5, 7))
t, u = (tg.tensor(one, requires_grad=True) for one in (x, y))
g = rng.normal(size=(11, 3, 7))
(t @ u).backward(tg.tensor(g))
verify(
    "your matmul_backward = ours, on a batch",
    got=matmul_backward(g, x, y),
    want=[t.grad, u.grad],
    against="tinygrad_edu",
    tolerance=1e-13,
    because="the same sums, perhaps in another order",
)


def of_the_library(case, rng, h=1e-6):
    """(⟨v, J u⟩, ⟨Jᵀ v, u⟩) for one operation of the library on one kind of input."""
    arrays = case.arrays()
    us = [rng.normal(size=a.shape) * (a.dtype.kind == "f") for a in arrays]

    def at(step):
        moved = [a + step * u if u.any() else a for a, u in zip(arrays, us)]
        tensors = [tg.tensor(one, requires_grad=bool(u.any())) for one, u in zip(moved, us)]
        outs = case.call(tg, *tensors)
        outs = outs if isinstance(outs, tuple) else (outs,)
        return tensors, [out for out in outs if out.requires_grad]

    tensors, outs = at(0.0)
    vs = [rng.normal(size=out.shape) for out in outs]
    ends = zip(vs, at(h)[1], at(-h)[1])
    left = sum(((up - down).detach().numpy() * v).sum() for v, up, down in ends) / (2 * h)
    moving = [(tensor, u) for tensor, u in zip(tensors, us) if u.any()]
    weights, variables = [tg.tensor(v) for v in vs], [tensor for tensor, _ in moving]
    pairs = zip(grad(outs, variables, weights, allow_unused=True), moving)
    return left, sum((g.numpy() * u).sum() for g, (_, u) in pairs if g is not None)


cases = [case for case in CASES if case.orders > 0]  # those that have a derivative
sides = np.array([of_the_library(case, rng) for case in cases])
verify(
    "⟨v, J u⟩ = ⟨Jᵀ v, u⟩ for every operation of the library",
    got=sides[:, 1],
    want=sides[:, 0],
    against="central differences along u, h = 1e-6",
    tolerance=1e-6,
    because="a central difference in float64 is off by about 1e-9, more where f is steep",
)
print(f"{len({case.name for case in cases})} operations, {len(cases)} kinds of input")
ties = tg.tensor([2.0, 5.0, 5.0], requires_grad=True)
ties.amax().backward()
print("the gradient of the largest of 2, 5, 5:", ties.grad)

# %% [markdown] nbgrader={"schema_version": 3, "grade": true, "grade_id": "03.ties", "locked": false, "points": 3, "solution": true, "task": false}
# **Explain** (3 points, read by a person). The largest of (2, 5, 5). Ours gives the two fives half of the gradient each, as the cell
# above shows; the rule in section 2, `g * (x == x.max())`, gives each of them all of it; a third engine gives it all to the first. (a) Is
# there a right answer? (b) Would the dot-product test tell the three apart, at this point and at a random one? (c) Which of
# the three would you not want, and why?
#
# ### BEGIN MARK SCHEME
# 1 point: at a tie the maximum has a kink, it is not differentiable; halves and first are both subgradients (weights on the
# winners that add up to 1), one step in such a direction is defensible.
# 1 point: at the tie ⟨v, Ju⟩ depends on the direction (the slope along u is max(u₁, u₂), which is not linear in u), so no rule agrees
# for all u; at a random point ties have probability 0, and all three agree.
# 1 point: "all to each" doubles the gradient, the weights add up to 2: a constant added to all inputs moves the maximum by 1, but
# this rule says 2. It is not a subgradient.
# ### END MARK SCHEME
# ### BEGIN SOLUTION
# At a tie the maximum has a kink, so there is no derivative, and several answers are defensible: any weights on the winners that add up to 1
# (subgradients), like one half each or all to the first. The test cannot agree with any rule there, since the slope along u is
# max(u₁, u₂), which is not linear in u; at random points there are no ties, and the three rules are the same. I would not want the one
# from section 2: add the same small number to all inputs, and the maximum grows by that number, but this rule says twice.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# | what you see | what it is | what the check says |
# |---|---|---|
# | a bias that grows an axis in training | its gradient was not summed over the batch | "g has shape (7, 5), its variable has (5,): nothing was summed" |
# | a gradient of shape (3) for a variable of (3, 1) | the sum lost the axes of size 1 | "a gradient has the shape of its variable" |
# | right for one matrix, `ValueError` for a batch | `.T` turns all axes around; `.mT` the last two | "stopped with ValueError" |
# | frequent letters learn slowly and wrong | `out[tokens] += g` | "+= on a list of rows adds once only" |
# | right for square matrices only | a transpose is missing | "dx is dh times the transpose of w" |
# | everything too large by the same factor | a mean over all entries was divided by the rows | "divide by y.size" |
#
# ## Summary
#
# | operation | $J$ | rule, $\bar x = J^\top g$ |
# |---|---|---|
# | $y = f(x)$, entry by entry | diagonal | $g \odot f'(x)$ |
# | sum over axes | rows of ones | copy $g$ along them |
# | copy (broadcast) | columns of ones | sum $g$ over the copies |
# | mean of $N$ | rows of $1/N$ | copy $g/N$ |
# | largest | one 1 per row | $g$ to the winner |
# | reshape, transpose | permutation | the way back |
# | concatenate | identity beside zeros | the own piece of $g$ |
# | read rows $k_t$ | ones at $(t, k_t)$ | add $g_t$ to row $k_t$ |
# | $XW$ | blocks of $W^\top$; stripes of $X$ | $G W^\top$ and $X^\top G$ |
#
# And the test for all of them: $\langle v, Ju \rangle = \langle J^\top v, u \rangle$.
#
# ## Further reading
#
# - [Petersen and Pedersen: The Matrix Cookbook](https://www.math.uwaterloo.ca/~hwolkowi/matrixcookbook.pdf): to look formulas up, once you can derive them.
# - [Bright, Edelman, Johnson: Matrix Calculus for Machine Learning and Beyond](https://arxiv.org/abs/2501.14787): derivatives as linear maps, without indices.
# - Claerbout, *Earth Soundings Analysis* (1992), chapter 5: where geophysicists learned the dot-product test.
# - [The JAX autodiff cookbook](https://docs.jax.dev/en/latest/notebooks/autodiff_cookbook.html): jvp and vjp as functions that you can call.
# - PyTorch's rules stand in `tools/autograd/derivatives.yaml`, one line per argument; its `unbroadcast` is called `sum_to_size`.
#
# Next, in lesson 04, the dot-product test grows into a tool that you can trust, and we look for what it cannot see.

# %% [markdown] tags=["instructor"]
# ## Notes for instructors
#
# **Time.** The wall of Jacobians and warm-up 10 min · sections 1 to 3 20 · broadcasting with two exercises 20 · matrix product 20 ·
# reading rows 15 · breaking and bug hunt 15 · engine, costs, experiment 10 · reading ours 5. Two sessions; cut after section 4.
#
# **Play with the wall first.** Print it, cut it up without the titles, let groups match pictures to operations. It takes ten minutes and
# they will argue about `x.T` against `reshape`, which is the point. Then ask for the transposes.
#
# **Where they get stuck.**
# 1. *Kronecker deltas.* Say: "a δ is an if; the sum over its index disappears, and the index is renamed". Do one entry with numbers.
# 2. *Transposed how?* Row-major flattening is only for the pictures. Rules never flatten.
# 3. *unbroadcast*: nearly everybody forgets one of the two kinds of axes. The check names which.
# 4. *"add.at is slow"*: it is. Sorting the tokens and adding runs is faster; libraries do that. Not today.
#
# **Variants.** Rules for `cumsum` (adjoint: cumsum from the other end), `flip`, `roll`, `outer`, `diag`; ask for the adjoint *before* the
# derivative. Einsum: `"ij,jk->ik"`; which strings are its two rules? Harder: second derivatives, by asking the adjoint of the adjoint.
#
# **03.ties.** Mark scheme in the cell. Common half-answer: "it does not matter, ties never happen". With ReLU networks and zero
# padding they happen all the time; and integers in float32 tie often.
#
# **03.bugs.** Five bugs: mean over rows, y for h in ds, wrong axis in ds and in db, missing transpose in dx. Let them write down what the
# *test* should have been: sizes that are all different, and primes, so that no factor can be taken for another.
