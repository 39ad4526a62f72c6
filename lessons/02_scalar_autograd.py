# ---
# title: A scalar autograd engine
# id: "02"
# version: 1
# minutes: {read: 45, exercises: 51}
# level: 2 of 5
# prerequisites: {lessons: ["01"], mathematics: ["chain rule", "partial derivatives"]}
# needs: [numpy, matplotlib]
# seeds: [0]
# budget: 30
# next: "03"
# goals:
#   - {can: "follow a gradient through a graph by hand", proved_by: "02.trace"}
#   - {can: "give an operation its rule", proved_by: "02.rules"}
#   - {can: "say in which order a graph is walked back, and why", proved_by: "02.order"}
#   - {can: "find the bug that most home-made engines have had", proved_by: "02.backward"}
#   - {can: "choose between forward and reverse mode", proved_by: "02.dual"}
# ---

# %%
import math
import time
import tracemalloc
from itertools import pairwise

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure

import tinygrad_edu as tg
from tinygrad_edu import engine, show
from tinygrad_edu.course import check, predict, seed, show_figure, verify

SEED = seed(0)
BLUE, ORANGE, PINK = "#0072B2", "#D55E00", "#B4246B"  # pink: gradients

# %% [markdown]
# ## Where do the pink numbers come from?
#
# Below, four lines of arithmetic, and the library's drawing of them. The black numbers are no riddle: a multiplication, a
# sum, a square. The pink ones are derivatives: how fast the last number, $L$, moves when that box moves.
#
# In lesson 01 you would have measured them, with two runs of the program for each box. Here nobody measured anything.
# **The program ran once, then something walked through it once, backwards, and all the derivatives were there.** For two
# inputs that is a trick. For the million weights of a small network it is the difference between a second and a week, and
# the reason why deep learning exists.
#
# In this lesson you build that something, in about 60 lines, and then you read ours.
#
# (The small letters at the arrowheads are what an operation calls its arguments. Every operation of two numbers calls
# them $x$ and $y$, whatever you do.)
#
# ![The graph of L = y (xy + x)² at x = 2, y = -3: every box shows its value in black and the derivative of L in pink, -48 at x and 64 at y](../figures/02-graph.svg)

# %%
with show.record() as tape:
    x = tg.tensor(2.0, requires_grad=True)
    y = tg.tensor(-3.0, requires_grad=True)
    u = x * y
    v = u + x
    w = v**2
    L = y * w
show_figure(
    show.draw(L, record=tape, bytes=False),
    name="02-graph",
    alt="The graph of L = y (xy + x)² at x = 2, y = -3: every box shows its value in "
    "black and the derivative of L in pink, -48 at x and 64 at y",
)

# %% [markdown]
# ## Warm-up
#
# Three questions from lesson 01. Put a guess in the place of `None`, run the cell, then the next one.

# %%
first = predict("runs of f that central differences take for 1000 variables", guess=None)
second = predict("their best relative error, float64: 1e-4, 1e-10 or 1e-16", guess=None)
third = predict("who can take h = 1e-30: forward, central or complex", guess=None)

# %%
first.reveal(2000)
second.reveal("1e-10")
third.reveal("complex")

# %% [markdown]
# ## Notation
#
# | symbol | meaning | in code |
# |---|---|---|
# | $v_i$ | one intermediate number, a *node* of the graph | a `Scalar` |
# | $L$ | the last number, the *root*: what is differentiated | `L` |
# | parents of $v_j$ | the numbers that $v_j$ was made from; it is their *child* | `v.parents` |
# | $\dfrac{\partial v_j}{\partial v_i}$ | the *slope* on the edge from parent $i$ to child $j$: one operation, nothing else | `v.slopes` |
# | $\bar v_i = \dfrac{\partial L}{\partial v_i}$ | the *gradient* of $v_i$: everything between $v_i$ and $L$ | `v.grad` |
#
# Everything in this lesson is a single number: $v_i$, its slopes and its gradient. In the next lesson they become arrays,
# and one sentence will carry over unchanged: **a gradient has the shape of its variable.**

# %% [markdown]
# ## 1. A program is a graph
#
# Any formula, however long, is run one operation at a time. So cut it up. At $x = 2$, $y = -3$:
#
# | step | value | slopes: one for each number that it was made from |
# |---|---|---|
# | $u = x\,y$ | $-6$ | $\partial u/\partial x = y = -3 \qquad \partial u/\partial y = x = 2$ |
# | $v = u + x$ | $-4$ | $\partial v/\partial u = 1 \qquad \partial v/\partial x = 1$ |
# | $w = v^2$ | $16$ | $\partial w/\partial v = 2v = -8$ |
# | $L = y\,w$ | $-48$ | $\partial L/\partial y = w = 16 \qquad \partial L/\partial w = y = -3$ |
#
# Each slope needs one operation and the numbers that were there anyway. No slope knows of any other. That is the first
# half of automatic differentiation, and all the calculus in it.
#
# **How fast does $L$ move with $u$?** Add a tiny $\varepsilon$ to $u$ and watch it travel.
#
# 1. $u$ moves by $\varepsilon$; $\quad$ $v = u + x$ moves by $1 \cdot \varepsilon$;
# 2. $w = v^2$ moves by $-8 \cdot 1 \cdot \varepsilon$; $\quad$ $L = y\,w$ moves by $-3 \cdot (-8) \cdot 1 \cdot \varepsilon = 24\,\varepsilon$.
#
# Along a path, slopes **multiply**. In signs:
#
# $$ \bar u \;=\; \frac{\partial L}{\partial w}\,\frac{\partial w}{\partial v}\,\frac{\partial v}{\partial u} \;=\; (-3)(-8)(1) \;=\; 24 $$
#
# We check it with lesson 01's sharpest tool, the complex step, in a slightly unusual place: the nudge is added in the
# middle of the program, to $u$, just after it was computed.


# %%
def program(x, y, **nudge):
    """L = y (x y + x)², where a nudge may be added to any value on the way."""
    u = x * y + nudge.get("u", 0)
    v = u + x + nudge.get("v", 0)
    w = v**2 + nudge.get("w", 0)
    return y * w + nudge.get("L", 0)


def sensitivity(name):
    """dL/d(name) by a complex step: nudge by 1e-30 i, read off what arrives at L."""
    h = 1e-30
    if name in "xy":
        x, y = (value + 1j * h * (name == own) for own, value in (("x", 2.0), ("y", -3.0)))
        return program(x, y).imag / h
    return program(2.0, -3.0, **{name: 1j * h}).imag / h


verify(
    "∂L/∂u = ∂L/∂w · ∂w/∂v · ∂v/∂u",
    got=(-3) * (-8) * 1,
    want=sensitivity("u"),
    against="a complex step in the middle of the program",
    tolerance=1e-14,
    because="both are exact up to rounding, whose unit is 1.1e-16",
)
surprise = predict("dL/dx at x = 2, y = -3 (x goes into u and into v)", guess=None)

# %% [markdown]
# ## 2. Two children: add
#
# $x$ has two children, $u$ and $v$. Which way does its influence go? Both.
#
# 1. Add $\varepsilon$ to $v_i$ just after it was computed. That alone moves each child $v_j$, *directly*, by $\frac{\partial v_j}{\partial v_i}\,\varepsilon$.
# 2. A nudge of $\delta$ at $v_j$ moves $L$ by $\bar v_j\,\delta$. That is what $\bar v_j$ means, and everything further down, other children included, is in it.
# 3. Several small nudges at once: to first order their effects add up. (That is what *differentiable* means.) So $L$ moves by $\sum_j \bar v_j \frac{\partial v_j}{\partial v_i}\,\varepsilon$.
# 4. Divide by $\varepsilon$:
#
# $$ \bar v_i \;=\; \sum_{j \,\in\, \text{children of } i} \bar v_j \, \frac{\partial v_j}{\partial v_i} $$
#
# In words: **the gradient of a number is the sum, over everything that uses it, of what comes back along that edge.** This
# line is the whole of backpropagation. Read it from right to left and it is an algorithm: once all the children of $v_i$
# know their gradients, so does $v_i$. The root knows its own from the start: $\bar L = \partial L / \partial L = 1$.

# %%
bar = {"L": 1.0}
bar["w"] = bar["L"] * -3
bar["v"] = bar["w"] * -8
bar["u"] = bar["v"] * 1
bar["x"] = bar["u"] * -3 + bar["v"] * 1  # two children
bar["y"] = bar["u"] * 2 + bar["L"] * 16  # two children
verify(
    "the sum over the children, at all six nodes",
    got=[bar[name] for name in "xyuvwL"],
    want=[sensitivity(name) for name in "xyuvwL"],
    against="six complex steps",
    tolerance=1e-14,
    because="both are exact up to rounding",
)
surprise.reveal(bar["x"])

# %% [markdown]
# Compare with the pink numbers of the first picture. That is where they come from.
#
# ### Exercise 02.trace: By hand, once
# Everybody should do this once with a pencil, and then never again. Take
#
# $u = x\,y, \qquad v = u + y, \qquad L = u\,v \qquad$ at $x = 2$, $y = 3$.
#
# Draw the graph. Write the values into it, then the slopes on its edges, then the gradients, beginning at $L$. Watch out
# for who has two children.

# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "02.trace", "locked": false, "solution": true, "task": false}
# gradients = (dL/dv, dL/du, dL/dx, dL/dy), four numbers in this order
### BEGIN SOLUTION
gradients = (6.0, 15.0, 45.0, 36.0)
### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "02.trace.check", "locked": true, "points": 2, "solution": false, "task": false}
check("02.trace", gradients)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The values are u = 6, v = 9, L = 54. Begin with the two edges that end in L.
#
# </details>
# <details><summary>Hint 2</summary>
#
# L = u v has the slope u in v and the slope v in u. But u goes into v as well, so the edge u → L is not all of dL/du.
#
# </details>
# <details><summary>Hint 3</summary>
#
# dL/dv = u. Then dL/du = v + dL/dv · 1: one term for each child of u. Then x has one child, y has two.
#
# </details>
#
# ## 3. A number that remembers
#
# Now let the machine do it. We need a number that, besides its value, remembers what it was made from and with which
# slopes. Then running the program *is* drawing the graph.
#
# Which slopes? One little derivation per operation, and you know them all:
#
# $$ \frac{\partial (a + b)}{\partial a} = 1 \qquad \frac{\partial (a\,b)}{\partial a} = b \qquad \frac{d\,a^n}{da} = n\,a^{n-1} \qquad \frac{d \tanh a}{da} = 1 - \tanh^2 a $$
#
# The last one, since everybody forgets it: $\tanh a = s/c$ with $s = \sinh a$, $c = \cosh a$, and $s' = c$, $c' = s$. The quotient
# rule gives $(s'c - s\,c')/c^2 = (c^2 - s^2)/c^2 = 1 - \tanh^2 a$. Note that it is a function of the *result*: an engine that
# keeps $\tanh a$ need not keep $a$. (Ours doesn't. You will see.)
#
# ### Exercise 02.rules: Three rules
# `__add__` shows the pattern: the value, the parents, one slope for each parent, and a name to print. Fill in the
# product, the power (its exponent is a plain number, not a Scalar) and tanh. Subtraction and division then come for free.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "02.rules", "locked": false, "solution": true, "task": false}
def scalar(value):
    """A plain number becomes a Scalar without parents."""
    return value if isinstance(value, Scalar) else Scalar(value)


class Scalar:
    """A number that remembers its parents, and for each of them the slope ∂self/∂parent."""

    def __init__(self, data, parents=(), slopes=(), op=""):
        self.data = data
        self.parents = parents
        self.slopes = slopes
        self.op = op
        self.grad = 0.0  # ∂L/∂self, once somebody has walked back from L

    def __add__(self, other):
        other = scalar(other)
        return Scalar(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        other = scalar(other)
        ### BEGIN SOLUTION
        return Scalar(self.data * other.data, (self, other), (other.data, self.data), "×")
        ### END SOLUTION

    def __pow__(self, exponent):
        ### BEGIN SOLUTION
        slope = exponent * self.data ** (exponent - 1)
        return Scalar(self.data**exponent, (self,), (slope,), f"^{exponent}")
        ### END SOLUTION

    def tanh(self):
        ### BEGIN SOLUTION
        out = np.tanh(self.data)
        return Scalar(out, (self,), (1 - out**2,), "tanh")
        ### END SOLUTION

    def exp(self):
        out = np.exp(self.data)
        return Scalar(out, (self,), (out,), "exp")

    def sin(self):
        return Scalar(np.sin(self.data), (self,), (np.cos(self.data),), "sin")

    # the rest is made of these
    __radd__, __rmul__ = __add__, __mul__  # 3 + x, 3 * x

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -scalar(other)

    def __rsub__(self, other):
        return scalar(other) + -self

    def __truediv__(self, other):
        return self * scalar(other) ** -1

    def __repr__(self):
        return f"Scalar({self.data:.6g}, grad={self.grad:.6g}, op={self.op!r})"


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "02.rules.check", "locked": true, "points": 3, "solution": false, "task": false}
check("02.rules", Scalar)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Each is one line: `return Scalar(value, parents, slopes, op)`. A tuple of one is written `(self,)`.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The product has two parents, `(self, other)`. The slope for `self` is what it is multiplied by, and the other way round.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Product: slopes `(other.data, self.data)`. Power: `(exponent * self.data ** (exponent - 1),)`. For tanh compute
# `out = np.tanh(self.data)` first; the slope is `1 - out**2`.
#
# </details>
#
# ### The same program, on numbers that remember
#
# Nothing changed but the first line: that is what operator overloading is for.

# %%
x, y = Scalar(2.0), Scalar(-3.0)
u = x * y
v = u + x
w = v**2
L = y * w
graph = {"x": x, "y": y, "u": u, "v": v, "w": w, "L": L}
name_of = {node: name for name, node in graph.items()}
for name, node in graph.items():
    edges = zip(node.parents, node.slopes)
    made_of = ", ".join(f"{name_of[parent]} (slope {slope:g})" for parent, slope in edges)
    print(f"{name} = {node.data:3g}   made from {made_of or 'nothing: an input'}")
verify(
    "the slopes of the product, the power and tanh",
    got=[
        *(Scalar(0.7) * Scalar(1.3)).slopes,
        *(Scalar(0.7) ** -2).slopes,
        *Scalar(0.7).tanh().slopes,
    ],
    want=[
        ((0.7 + 1e-30j) * 1.3).imag / 1e-30,
        (0.7 * (1.3 + 1e-30j)).imag / 1e-30,
        ((0.7 + 1e-30j) ** -2).imag / 1e-30,
        np.tanh(0.7 + 1e-30j).imag / 1e-30,
    ],
    against="complex steps",
    tolerance=1e-14,
    because="both are exact up to rounding",
)

# %% [markdown]
# ## 4. Walking back
#
# The sum over the children asks for one thing: **when a node's turn comes, all of its children must have had theirs.**
# Else it passes on a gradient that is not complete, and nobody comes back to correct it.
#
# Which order guarantees that? Not "nearest to the root first": $y$ is one step from $L$, but has to wait for $u$, which is
# three steps away. What we want is a *topological order*: a list of all nodes, the root first, each node before its
# parents.
#
# ### Exercise 02.order: In which order?
# Write `topological_order(root)`. It returns a list of all nodes that lead to the root, each once, the root first, and
# every node before the nodes that it was made from. Use `node.parents` and nothing else.
#
# If the check shows you a graph, it is a list with an entry for each node, oldest first: the numbers of its parents. Our
# program is `[(), (), (0, 1), (2, 0), (3,), (1, 4)]`.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "02.order", "locked": false, "solution": true, "task": false}
def topological_order(root):
    """All nodes that lead to `root`, once: the root first, each before its parents."""
    ### BEGIN SOLUTION
    seen, found = set(), []

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            found.append(node)  # after everything that it was made from

    visit(root)
    return found[::-1]
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "02.order.check", "locked": true, "points": 3, "solution": false, "task": false}
check("02.order", topological_order)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Think of the *last* one in the list first. Who may stand last? One without parents. Who next to last?
#
# </details>
# <details><summary>Hint 2</summary>
#
# "List a node only after everything that it was made from is listed" is a depth-first search that appends on the way *out*.
# That gives inputs first, root last. Turn it around.
#
# </details>
# <details><summary>Hint 3</summary>
#
# An inner function `visit(node)`: if the node is in the set `seen`, return; else add it, visit its parents, and then append
# it to the list. Call `visit(root)`, return the list reversed. Without the set, a node with two children is listed twice.
#
# </details>
#
# ### Exercise 02.backward: It passed two tests
# A colleague has written the walk below. "Tested it twice", they say, "works." It does not. Find out what is wrong, and
# write a version that is right, also when it is called a second time on the same nodes.


# %%
def send_back_by_a_colleague(order):
    """Fill in node.grad = dL/dnode. `order` is a topological order; order[0] is L."""
    order[0].grad = 1.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad = slope * node.grad


a = Scalar(0.5)
for formula, out, want in (
    ("tanh(a)", a.tanh(), 1 - math.tanh(0.5) ** 2),
    ("(3 a + 1)²", (3 * a + 1) ** 2, 6 * (3 * 0.5 + 1)),
    ("a · a", a * a, 2 * 0.5),
):
    send_back_by_a_colleague(topological_order(out))
    right = "ok" if math.isclose(a.grad, want) else "   ???"
    print(f"d/da {formula:11} wanted {want:7.4f}   got {a.grad:7.4f} {right}")


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "02.backward", "locked": false, "solution": true, "task": false}
def send_back(order):
    """Fill in node.grad = dL/dnode. `order` is a topological order; order[0] is L."""
    ### BEGIN SOLUTION
    for node in order:
        node.grad = 0.0
    order[0].grad = 1.0
    for node in order:
        for parent, slope in zip(node.parents, node.slopes):
            parent.grad += slope * node.grad
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "02.backward.check", "locked": true, "points": 2, "solution": false, "task": false}
check("02.backward", send_back)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Which nodes does it get wrong? Compare d/da of `a * a` and of `(3 * a + 1) ** 2`: how many children has `a` in each?
#
# </details>
# <details><summary>Hint 2</summary>
#
# The formula of section 2 has a sum in it. Where is the sum in this code?
#
# </details>
# <details><summary>Hint 3</summary>
#
# `+=` instead of `=`. And whoever adds must know where from: set every `.grad` to 0.0 before the walk, once, or what an
# earlier call has left there is added too.
#
# </details>
#
# ### Two hundred programs
#
# That was it: you own an engine. Let it loose on 200 programs that a random generator has written, each of 12 operations on
# three inputs, in which many numbers are used more than once. The judge is the complex step, which knows nothing of graphs.


# %%
def backward(root):
    """Fill in .grad of everything that leads to `root`."""
    send_back(topological_order(root))


def call(name, value):
    """tanh, sin or exp: the value's own if it has one, as a Scalar has, else NumPy's."""
    return getattr(value, name)() if hasattr(value, name) else getattr(np, name)(value)


OPERATIONS = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a b": lambda a, b: a * b,
    "a / (b² + 1)": lambda a, b: a / (b * b + 1.0),
    "a²": lambda a, b: a**2,
    "sin a": lambda a, b: call("sin", a),
    "tanh a": lambda a, b: call("tanh", a),
    "exp tanh a": lambda a, b: call("exp", call("tanh", a)),
}


def random_program(rng, inputs=3, steps=12):
    """Steps (operation, i, j), on the numbers so far; the last is the result."""
    names, program = list(OPERATIONS), []
    for n in range(inputs, inputs + steps):
        i, j = int(rng.integers(max(0, n - 4), n)), int(rng.integers(n))
        program.append((names[rng.integers(len(names))], i, j))
    return program


def run(program, values):
    """Run it on numbers of any kind."""
    values = list(values)
    for name, i, j in program:
        values.append(OPERATIONS[name](values[i], values[j]))
    return values[-1]


def complex_gradient(program, point):
    """By complex steps, one for each input."""
    h = 1e-30
    return [run(program, point + 1j * h * unit).imag / h for unit in np.eye(len(point))]


def our_gradient(program, point, walk=send_back):
    """By one walk back."""
    inputs = [Scalar(value) for value in point]
    walk(topological_order(run(program, inputs)))
    return [node.grad for node in inputs]


rng = np.random.default_rng(SEED)
programs = [random_program(rng) for _ in range(200)]
points = rng.uniform(-2, 2, size=(200, 3))
wanted = np.array([complex_gradient(*pair) for pair in zip(programs, points)])
verify(
    "backward, on 200 random programs with three inputs each",
    got=np.array([our_gradient(*pair) for pair in zip(programs, points)]),
    want=wanted,
    against="600 complex steps",
    tolerance=1e-11,
    because="rounding, through 12 to 30 operations that may magnify it",
)

# %% [markdown]
# ### Watch it happen
#
# First the values go forward, left to right. Then the gradients come back, right to left, node by node in topological
# order: one frame in which a node sends, along each edge, *its gradient times the slope*, and one in which its parents add
# that to what they have. Watch $x$ and $y$: each gets something twice.
#
# ![Gradients flow back through the graph of L = y (xy + x)²: from L = -48 over w, v and u to x and y, which each receive two contributions that add up to -48 and 64](../figures/02-backward.gif)

# %%
PLACES = {"x": (0.8, 0.6), "y": (0.8, 3.0), "u": (2.15, 1.8)}
PLACES |= {"v": (3.5, 0.6), "w": (4.9, 1.75), "L": (6.3, 2.95)}
TITLES = {"x": "    x    ", "y": "    y    ", "u": "u = x y"}
TITLES |= {"v": "v = u + x", "w": "w = v²", "L": "L = y w"}
EDGES = [(name_of[parent], name) for name in graph for parent in graph[name].parents]


def digits(number):
    return f"{number:g}".replace("-", "−")


def picture(axes, boxes, below=(), bright=(), speaking="", note="", gap=33):
    """Texts in the boxes and below them; `bright` edges run back, with a text."""
    below, bright = dict(below), dict(bright)
    axes.clear()
    axes.set(xlim=(0, 7), ylim=(-0.05, 3.9), aspect="equal")
    axes.axis("off")
    axes.text(0.1, 3.85, note, va="top", size=11)
    look = {"ha": "center", "va": "center", "size": 11, "linespacing": 1.4}
    for start, end in EDGES:
        (x0, y0), (x1, y1), text = PLACES[start], PLACES[end], bright.get((start, end))
        arrow = {"arrowstyle": "-|>", "color": "#B0B0B0", "lw": 1.3}
        if text:
            arrow = {"arrowstyle": "<|-", "color": PINK, "lw": 2.4}
        arrow |= {"shrinkA": gap, "shrinkB": gap}
        axes.annotate("", (x1, y1), (x0, y0), arrowprops=arrow)
        if text:
            paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            axes.text((x0 + x1) / 2, (y0 + y1) / 2, text, color=PINK, bbox=paper, **look)
    for name, (x, y) in PLACES.items():
        ground = PINK if name == speaking else "#FDEAF2" if name in below else "white"
        line = PINK if name in below else "gray"
        ink = "white" if name == speaking else "black"
        box = {"boxstyle": "round,pad=0.4", "facecolor": ground, "edgecolor": line}
        axes.text(x, y, boxes[name], color=ink, bbox=box, **look)
        down = -0.48 if name == "y" else 0.48
        axes.text(x, y - down, below.get(name, ""), color=PINK, **look)


def film():
    """Forward, a frame for each value; back, for each node one to send and one to add."""
    boxes, arrived = {name: f"{TITLES[name]}\n" for name in graph}, {"L": [1.0]}
    for name, node in graph.items():
        boxes = {**boxes, name: f"{TITLES[name]}\n{digits(node.data)}"}
        yield {"boxes": boxes, "note": "forward: " + TITLES[name]}
    below = {"L": "1"}
    yield {"boxes": boxes, "below": below, "note": "backward begins: dL/dL = 1"}
    for node in topological_order(L)[:4]:
        child, bright = name_of[node], {}
        total = sum(arrived[child])
        for parent, slope in zip(node.parents, node.slopes):
            bright[name_of[parent], child] = f"{digits(total)} · {digits(slope)}"
            arrived.setdefault(name_of[parent], []).append(total * slope)
        now = {"boxes": boxes, "below": below, "bright": bright, "speaking": child}
        yield {**now, "note": f"backward: {child} sends its gradient, times the slope"}
        for name, parts in arrived.items():
            below = {**below, name: " + ".join(map(digits, parts))}
            below[name] += f" = {digits(sum(parts))}" if len(parts) > 1 else ""
        yield {"boxes": boxes, "below": below, "note": "backward: the parents add it up"}
    yield {"boxes": boxes, "below": below, "note": "all six gradients, in one walk"}


frames = list(film())
figure = Figure(figsize=(7, 3.95))
axes = figure.add_axes((0, 0, 1, 1))
show_figure(
    FuncAnimation(figure, lambda k: picture(axes, **frames[k]), len(frames), interval=1500),
    name="02-backward",
    alt="Gradients flow back through the graph of L = y (xy + x)²: from L = -48 over w, v "
    "and u to x and y, which each receive two contributions that add up to -48 and 64",
)
backward(L)
verify(
    "what the film shows is what backward computes",
    got=[graph[name].grad for name in "xyuvwL"],
    want=[sensitivity(name) for name in "xyuvwL"],
    against="six complex steps",
    tolerance=1e-14,
    because="both are exact up to rounding",
)

# %% [markdown]
# ## 5. The sum over all paths
#
# Follow one contribution from $L$ down to $x$ and write down the slopes it was multiplied by: that is a path. Follow all of
# them, and you have *unrolled* the sum over the children, again and again, until only inputs are left:
#
# $$ \frac{\partial L}{\partial x} \;=\; \sum_{\text{paths } x \,\to\, \cdots \,\to\, L} \;\; \prod_{\text{edges of the path}} \text{slope} $$
#
# In words: **along a path multiply, over paths add.** Nothing in it says in which order. That will matter in a moment.
#
# ![All four paths of L = y (xy + x)²: from x over u with product -72 and past u with 24, together -48; from y directly with 16 and over u with 48, together 64](../figures/02-paths.png)


# %%
def paths(node, target):
    """Each path from `node` back to `target`: a tuple of edges (parent, child, slope)."""
    if node is target:
        yield ()
    for parent, slope in zip(node.parents, node.slopes):
        for rest in paths(parent, target):
            yield ((parent, node, slope), *rest)


def product(path):
    """The slopes on a path, multiplied."""
    return math.prod(slope for _, _, slope in path)


figure = Figure(figsize=(7, 3.85))
for row, target in enumerate((x, y)):
    for column, path in enumerate(paths(L, target)):
        axes = figure.add_axes((0.5 * column, 0.5 - 0.5 * row, 0.5, 0.5))
        bright = {(name_of[p], name_of[c]): digits(slope) for p, c, slope in path}
        note = f"from {name_of[target]}:   " + " · ".join(bright.values())
        note += f" = {digits(product(path))}" if len(path) > 1 else ""
        boxes = {name: f" {name} " for name in graph}
        picture(axes, boxes, bright=bright, note=note, gap=13)
show_figure(
    figure,
    name="02-paths",
    alt="All four paths of L = y (xy + x)²: from x over u with product -72 and past u with "
    "24, together -48; from y directly with 16 and over u with 48, together 64",
)


def by_paths(program, point):
    """The gradient as a sum over all paths, one by one; and how many there were."""
    inputs = [Scalar(value) for value in point]
    root = run(program, inputs)
    found = [[product(path) for path in paths(root, node)] for node in inputs]
    return [sum(products) for products in found], sum(map(len, found))


enumerated = [by_paths(*pair) for pair in zip(programs, points)]
verify(
    "the sum over all paths = backward, on 200 random programs",
    got=np.array([gradient for gradient, _ in enumerated]),
    want=np.array([our_gradient(*pair) for pair in zip(programs, points)]),
    against="one walk back",
    tolerance=1e-11,
    because="the same products, added in another order",
)
print("paths per program: at most", max(count for _, count in enumerated))

# %% [markdown]
# At most a hundred paths or so: who needs an engine? Take a program with a different shape: $u \leftarrow u + \tanh u$, again and
# again. (That is a residual network with one neuron per layer.) Every step offers two ways, straight on or through the tanh.

# %%
count_of_paths = predict("how many paths lead through 50 steps of u + tanh(u)", guess=None)


# %%
def residual(start, steps):
    """u ← u + tanh u, repeated."""
    for _ in range(steps):
        start = start + start.tanh()
    return start


def edges(root):
    """How many edges lead to `root`: one for each parent of each node."""
    return sum(len(node.parents) for node in topological_order(root))


bottom = Scalar(0.1)
chains = [residual(bottom, k) for k in range(1, 13)]
verify(
    "k steps have 2^k paths, and 3 k edges",
    got=[[len([*paths(top, bottom)]), edges(top)] for top in chains],
    want=[[2**k, 3 * k] for k in range(1, 13)],
    against="walking all of them, one by one, for k = 1 to 12",
    tolerance=0,
    because="these are whole numbers",
)
top = residual(bottom, 50)
for node in topological_order(top):  # if every slope is 1, so is every product:
    node.slopes = tuple(1.0 for _ in node.slopes)  # backward counts paths
backward(top)
count_of_paths.reveal(bottom.grad, within=0.1)
years = 2**50 / 1e6 / 3600 / 24 / 365
print(f"2^50 = {2**50}: at a million paths a second, {years:.0f} years.")
print("Backward took 150 multiplications.")

# %% [markdown]
# So *adding up paths* is what a derivative is, and a hopeless way to compute it. Backward does the same sum without
# walking any edge twice: everything that arrives at a node is added **before** it is passed on. Thirty-six years of
# work, saved by distributivity: $ab + ac = a(b + c)$. (The last trick, to count paths with an engine whose slopes are all
# 1, works for any graph. Worth remembering.)
#
# ## Break it
#
# Three classics.
#
# 1. The colleague's `=`. How often would a test with a random program have caught it?
# 2. A search that does not mark what it has seen. It visits a node once for each path that leads to it.
# 3. A program that is long, but harmless: 5,000 additions in a row.

# %%
assigned = [our_gradient(*pair, send_back_by_a_colleague) for pair in zip(programs, points)]
unharmed = np.isclose(assigned, wanted, rtol=1e-9, atol=1e-12).all(axis=1)
print(f"1. right by luck: {unharmed.sum()} of 200 programs")
try:
    verify("`=`", np.array(assigned), wanted, against="complex steps", tolerance=1e-11)
except AssertionError as error:
    print("   ✗", error)


def visits(node):
    """How many nodes a search visits that does not remember where it has been."""
    return 1 + sum(visits(parent) for parent in node.parents)


for steps in (5, 10, 15):
    top = residual(Scalar(0.1), steps)
    nodes = len(topological_order(top))
    print(f"2. {steps:2} steps: {nodes:2} nodes, {visits(top):6} visits")
chain = Scalar(1.0)
for _ in range(5000):
    chain = chain + 1.0
try:
    backward(chain)
    print("3. no problem: you have written it without recursion")
except RecursionError as error:
    print("3. RecursionError:", error)

# %% [markdown]
# **What to take home.** A formula in which every number is used once cannot tell `=` from `+=`: there is nothing to add.
# **Test with a variable that is used twice.** (`x * x` is enough. In a recurrent network every weight is used once for each
# time step; with `=` it trains, badly, on the gradient of one step.)
#
# If yours recurses, Python stops it at about 1,000 levels: a network unrolled over 1,000 time steps would be too much.
# Remember this one. At the end you will see how our engine gets along without recursion, without a set of seen nodes, and
# in fact without any search for an order.
#
# ## 6. The other way round: forward
#
# The product along a path can be multiplied up from either end. Backward begins at $L$. What if we begin at $x$?
#
# Then each number carries, besides its value, $\dot v = \partial v / \partial x$: how fast it moves with $x$. For $v = f(a, b)$ the chain rule says
#
# $$ \dot v \;=\; \frac{\partial f}{\partial a}\,\dot a + \frac{\partial f}{\partial b}\,\dot b \qquad\text{for example}\qquad (ab)^{\textstyle\cdot} = \dot a\, b + a\, \dot b $$
#
# There is a charming way to say the same. Invent a number $\varepsilon$ that is not zero, but whose square is: $\varepsilon^2 = 0$. Then
#
# $(a + \dot a\,\varepsilon)(b + \dot b\,\varepsilon) = ab + (\dot a\,b + a\,\dot b)\,\varepsilon + \dot a\,\dot b\,\varepsilon^2 = ab + (\dot a\,b + a\,\dot b)\,\varepsilon$.
#
# The product rule falls out of plain algebra. Such *dual numbers* differentiate any program that runs on them: no graph, no
# memory, no walk. (They are the complex step with $i^2 = -1$ replaced by $\varepsilon^2 = 0$, so that nothing needs to be small.)
#
# ### Exercise 02.dual: Forward, with dual numbers
# Fill in what a plain number becomes, the sum, the product and tanh. `exp` shows how a function of one number does it.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "02.dual", "locked": false, "solution": true, "task": false}
def dual(value):
    """A plain number becomes a Dual. Which slope has a number that does not move?"""
    if isinstance(value, Dual):
        return value
    ### BEGIN SOLUTION
    return Dual(value, 0.0)
    ### END SOLUTION


class Dual:
    """value + slope ε with ε² = 0"""

    def __init__(self, value, slope):
        self.value = value
        self.slope = slope

    def __add__(self, other):
        other = dual(other)
        ### BEGIN SOLUTION
        return Dual(self.value + other.value, self.slope + other.slope)
        ### END SOLUTION

    def __mul__(self, other):
        other = dual(other)
        ### BEGIN SOLUTION
        slope = self.slope * other.value + self.value * other.slope
        return Dual(self.value * other.value, slope)
        ### END SOLUTION

    def tanh(self):
        ### BEGIN SOLUTION
        out = np.tanh(self.value)
        return Dual(out, (1 - out**2) * self.slope)
        ### END SOLUTION

    def exp(self):
        out = np.exp(self.value)
        return Dual(out, out * self.slope)

    def sin(self):
        return Dual(np.sin(self.value), np.cos(self.value) * self.slope)

    def __pow__(self, exponent):
        slope = exponent * self.value ** (exponent - 1)
        return Dual(self.value**exponent, slope * self.slope)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other):
        return self + dual(other) * -1.0

    def __truediv__(self, other):
        return self * dual(other) ** -1


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "02.dual.check", "locked": true, "points": 3, "solution": false, "task": false}
check("02.dual", Dual)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write $(a + \dot a\,\varepsilon)$ and $(b + \dot b\,\varepsilon)$ on paper, add them, multiply them, cross out everything with $\varepsilon^2$.
#
# </details>
# <details><summary>Hint 2</summary>
#
# A constant does not move: slope 0. A sum adds both. A product: value `a * b`, slope "derivative of the first times the
# second plus the first times derivative of the second".
#
# </details>
# <details><summary>Hint 3</summary>
#
# tanh as exp does it: the function's own slope at this value, `1 - out**2`, times the slope that came in, `self.slope`.
#
# </details>
#
# ## 7. Who wins?
#
# Both modes compute the same sum over paths. One sweep, in either direction, does one multiplication and one
# addition on each of the $E$ edges. But what do you have in the end?
#
# 1. A **forward** sweep begins at *one input* and reaches everything: the derivatives of all outputs with respect to that input.
# 2. A **reverse** sweep begins at *one output* and reaches everything: the derivatives of that output with respect to all inputs.
# 3. So for $n$ inputs and $m$ outputs
#
# $$ \text{multiplications:} \qquad \text{forward } \; n\,E \qquad\qquad \text{reverse } \; m\,E $$
#
# A loss is one number ($m = 1$), a network has millions of weights ($n = 10^6$). That settles it. For a program with one input
# and many outputs, say a trajectory that depends on one launch angle, forward wins by as much.
#
# To count, we let the slopes themselves keep a tally of how often somebody multiplies with them.


# %%
class Counted(float):
    """A slope that counts how often it is multiplied with."""

    count = 0

    def __mul__(self, other):
        Counted.count += 1
        return float(self) * other

    __rmul__ = __mul__


def push_forward(order, start):
    """The forward sweep on a graph: node.rate = dnode/dstart, parents first."""
    for node in reversed(order):
        rates = [slope * parent.rate for parent, slope in zip(node.parents, node.slopes)]
        node.rate = 1.0 if node is start else sum(rates)


def neighbors(values):
    """f(x) = Σ tanh(x_i x_(i+1)): as many inputs as you like, one output."""
    total = call("tanh", values[0] * values[-1])
    for one, next_one in pairwise(values):
        total = total + call("tanh", one * next_one)
    return total


def counted(n):
    """Multiplications of one reverse sweep, and of the n forward sweeps for the same."""
    inputs = [Scalar(value) for value in np.random.default_rng(SEED).uniform(-1, 1, size=n)]
    order = topological_order(neighbors(inputs))
    for node in order:
        node.slopes = tuple(Counted(slope) for slope in node.slopes)
    Counted.count = 0
    send_back(order)
    reverse, Counted.count = Counted.count, 0
    rates = []
    for one in inputs:
        push_forward(order, one)
        rates.append(order[0].rate)
    return reverse, Counted.count, rates, [node.grad for node in inputs]


sizes = (2, 4, 8, 16, 32, 64, 128)
counts = [counted(n) for n in sizes]
number_of_edges = [2 * n + n + 2 * (n - 1) for n in sizes]  # products, tanhs, sums
verify(
    "reverse does E multiplications, forward n E",
    got=[[reverse, forward] for reverse, forward, _, _ in counts],
    want=[[number, n * number] for n, number in zip(sizes, number_of_edges)],
    against="counting the edges of the formula by hand",
    tolerance=0,
    because="these are whole numbers",
)
verify(
    "n forward sweeps and one reverse sweep give the same n = 128 numbers",
    got=np.array(counts[-1][2]),
    want=np.array(counts[-1][3]),
    against="one reverse sweep",
    tolerance=1e-13,
    because="the same products, multiplied up from the other end",
)


def forward_gradient(program, point):
    """By dual numbers: the k-th input moves, the others stand still."""
    rows = [[Dual(value, float(i == k)) for i, value in enumerate(point)] for k in range(3)]
    return [run(program, row).slope for row in rows]


verify(
    "v̇ = Σ ∂f/∂a · ȧ: dual numbers, on the 200 random programs",
    got=np.array([forward_gradient(*pair) for pair in zip(programs, points)]),
    want=wanted,
    against="600 complex steps",
    tolerance=1e-11,
    because="rounding, through 12 to 30 operations that may magnify it",
)

# %% [markdown]
# The two explosions that backward avoids, counted: too many paths (left), too many sweeps (right).
#
# ![Left: the paths through a residual chain double with every step while its edges grow by three. Right: n forward sweeps cost n times the multiplications of the one reverse sweep](../figures/02-cost.png)

# %%
figure = Figure(figsize=(7, 3.2), layout="constrained")
left, right = figure.subplots(1, 2)
steps = np.arange(1, 31)
left.semilogy(steps, 2.0**steps, color=ORANGE, label="paths, $2^k$")
left.semilogy(steps, 3 * steps, "--", color=BLUE, label="edges, $3k$: what backward visits")
left.set_ylim(1, 1e13)
left.set_xlabel("steps k of  u ← u + tanh u", fontsize=10)
reverse, forward = ([pair[i] for pair in counts] for i in range(2))
right.loglog(sizes, forward, "s-", color=ORANGE, label="forward, n sweeps")
right.loglog(sizes, reverse, "o--", color=BLUE, label="reverse, one sweep")
right.set_xlabel("inputs n of  Σ tanh($x_i x_{i+1}$)", fontsize=10)
right.set_ylabel("multiplications, counted", fontsize=10)
for axes in (left, right):
    axes.grid(alpha=0.3)
    axes.legend(fontsize=10)
show_figure(
    figure,
    name="02-cost",
    alt="Left: the paths through a residual chain double with every step while its edges "
    "grow by three. Right: n forward sweeps cost n times the multiplications of the one "
    "reverse sweep",
)

# %% [markdown]
# ## What it costs
#
# Time, predicted from one small measurement, then measured. Predictions: a dual pass takes the same time for each input,
# so 200 of them take ten times as long as 20. Recording and walking back takes a time per edge, so 8 times the edges take
# 8 times as long. What reverse mode pays with is **memory**: it keeps every slope until the walk has passed.


# %%
def seconds(action):
    """The shortest of five runs: the others were disturbed by something."""
    found = []
    for _ in range(5):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return min(found)


def dual_pass(point, k):
    """One of the n sweeps of forward mode."""
    return neighbors([Dual(value, float(i == k)) for i, value in enumerate(point)]).slope


def reverse_pass(point):
    """Record, walk back, read off all n."""
    inputs = [Scalar(value) for value in point]
    backward(neighbors(inputs))
    return [node.grad for node in inputs]


def kept_bytes(point):
    """What the graph keeps in memory until it has been walked back."""
    tracemalloc.start()
    root = neighbors([Scalar(value) for value in point])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept if root.parents else 0


rng = np.random.default_rng(SEED)
few, many = (rng.uniform(-1, 1, size=n).tolist() for n in (25, 200))
few_sweeps = seconds(lambda: [dual_pass(many, k) for k in range(20)]) * 1e3
all_sweeps = seconds(lambda: [dual_pass(many, k) for k in range(200)]) * 1e3
small, large = (seconds(lambda: reverse_pass(point)) * 1e3 for point in (few, many))
small_kept, large_kept = (kept_bytes(point) / 1024 for point in (few, many))
rows = [
    ("multiplications, reverse", 5 * 200 - 2, counted(200)[0], ""),
    ("forward mode, 200 inputs", 10 * few_sweeps, all_sweeps, "ms"),
    ("reverse mode, 200 inputs", 8 * small, large, "ms"),
    ("memory that the graph keeps", 8 * small_kept, large_kept, "KiB"),
]
print(f"{'':28} {'predicted':>10} {'measured':>10}")
for what, predicted, measured, unit in rows:
    print(f"{what:28} {predicted:10.4g} {measured:10.4g} {unit}")

# %% [markdown]
# The reverse sweep costs a small multiple of running the program, *whatever the number of inputs*. (Griewank's "cheap
# gradient principle": at most about five times the arithmetic.) But look at the price of one operation: divide the last two
# rows by the 599 operations of this program. About a microsecond and 180 bytes, for one multiplication or tanh, which your
# processor does in a few nanoseconds. Nobody trains a million weights like this. The cure is to put whole *arrays* into the
# nodes: lesson 03.
#
# ## Experiment: a network, trained by your engine
#
# Exclusive or: $(\pm 1, \pm 1) \mapsto +1$ if the signs differ, $-1$ if they agree. No linear function can do it: the best one
# answers 0 everywhere, with a mean squared error of 1. Four tanh neurons and a linear output have 17 weights.
#
# We climb the ladder that every training run in this course climbs. **1.** Is the loss at the start what it must be? With output
# weights 0 all answers are 0, so it is exactly 1. **2.** Is the gradient right? **3.** Only then train.

# %%
CASES = [((a, b), -a * b) for a in (-1.0, 1.0) for b in (-1.0, 1.0)]
HIDDEN = 4


def network(weights, a, b):
    """Σ_k c_k tanh(p_k a + q_k b + r_k) + d, for numbers of any kind."""
    out = weights[4 * HIDDEN]
    for k in range(HIDDEN):
        p, q, r, c = weights[4 * k : 4 * k + 4]
        out = out + c * call("tanh", p * a + q * b + r)
    return out


def xor_loss(weights):
    """The mean squared error over the four cases."""
    return sum((network(weights, *case) - target) ** 2 for case, target in CASES) * 0.25


def xor_gradient(weights):
    """The loss and its gradient, by your engine."""
    inputs = [Scalar(value) for value in weights]
    loss = xor_loss(inputs)
    backward(loss)
    return loss.data, np.array([one.grad for one in inputs])


rng = np.random.default_rng(SEED + 1)
start = rng.normal(size=4 * HIDDEN + 1)
steps = 1e-30j * np.eye(len(start))
verify(
    "the gradient of the network's loss, all 17 weights",
    got=xor_gradient(start)[1],
    want=np.array([xor_loss(start + step).imag for step in steps]) / 1e-30,
    against="17 complex steps",
    tolerance=1e-12,
    because="rounding, through about 130 operations",
)
start[3 : 4 * HIDDEN : 4], start[-1] = 0.0, 0.0  # the output's weights
verify("the loss at the start", xor_loss(start), 1.0, against="mean of 1²", tolerance=1e-15)
LEARNING_RATE = 0.2
lowest = predict("the loss after 200 steps (0 = perfect, 1 = as at the start)", guess=None)

# %% [markdown]
# ![A network of four neurons learns exclusive or: at the start it answers 0 everywhere, then regions of plus and minus one form around the four points, while the loss falls](../figures/02-xor.png)

# %%
weights, losses, snapshots = start, [], []
for _ in range(200):
    loss, gradient = xor_gradient(weights)
    losses.append(loss)
    snapshots.append(weights)
    weights = weights - LEARNING_RATE * gradient
lowest.reveal(losses[-1], within=0.1)

across, up = np.meshgrid(np.linspace(-1.8, 1.8, 61), np.linspace(-1.8, 1.8, 61))
figure = Figure(figsize=(7, 2.2), layout="constrained")
panels = figure.subplots(1, 4)
for axes, step in zip(panels, (5, 15, 100)):
    answer = network(snapshots[step], across, up)
    axes.contourf(across, up, answer, np.linspace(-2, 2, 17), cmap="RdBu", extend="both")
    for (a, b), target in CASES:
        axes.plot(a, b, "o" if target > 0 else "s", mfc="white", mec="black", markersize=8)
    axes.set(xticks=[], yticks=[], aspect="equal")
    axes.set_title(f"step {step}", fontsize=11)
panels[3].semilogy(losses, color=BLUE)
panels[3].set_xlabel("step", fontsize=10)
panels[3].set_title("loss", fontsize=11)
panels[3].set_box_aspect(1)
panels[3].grid(alpha=0.3)
show_figure(
    figure,
    name="02-xor",
    alt="A network of four neurons learns exclusive or: at the start it answers 0 "
    "everywhere, then regions of plus and minus one form around the four points, while the "
    "loss falls",
)

# %% [markdown]
# Sixty lines of Python have just trained a neural network. Change one thing and predict before you run: `LEARNING_RATE = 2`;
# `HIDDEN = 1`; or begin with *all* weights 0, and look at the gradient to see why nothing happens.
#
# ## 8. Reading ours
#
# You have earned it: the engine of this library, the part that does what yours does. First an operation with its rule. In
# yours, `tanh` stored a slope. In ours there is no slope. There is a *rule*, which is handed $g$, the
# gradient of the result, and returns the gradient of the argument. For a single number that is $g$ times the slope.

# `lambda g, out:` names the result and not the argument, so the result is kept and the argument is not: you saw why
# when you derived it.
#
# Below it, the walk back. Half of its lines concern memory, and who asked for what. Look for the loop that takes a node,
# applies its rules, and adds up what comes out.

# %%
show.source("tanh")
show.source(engine.walk)

# %% [markdown]
# | yours | ours | why |
# |---|---|---|
# | `data` | `array` | a thousand numbers per operation instead of one |
# | `slopes`: numbers | rules, and `saved`: what they need | the slope of an array in an array is a huge matrix: lesson 03 |
# | `parents` are Scalars | nodes point at nodes, never at values | a value that no rule needs can be freed |
# | `topological_order`, then a loop | a heap of ages: the youngest waiting node is next | no recursion, no search: see below |
# | `+=` into `.grad` of every node, from 0 | the same sum, held beside the heap; `.grad` for leaves only, **added to what is there** | so that several losses can share one; hence `optimizer.zero_grad()` |
#
# Where is the topological order? Each node gets a number at birth, its `age`, from a clock. A node is always made *after*
# its parents. So the walk just takes the youngest node that is waiting. No search, and 100,000 operations in a row
# are no problem.

# %%
t = tg.tensor(1.0, dtype=tg.float64, requires_grad=True)
begun, out = time.perf_counter(), t
for _ in range(100_000):
    out = out * 1.00001
out.backward()
print(f"100,000 products, recorded and walked back: {time.perf_counter() - begun:.2f} s")
verify(
    "d/dt of t · 1.00001 · 1.00001 ⋯, 100,000 times",
    got=t.grad.item(),
    want=math.exp(100_000 * math.log1p(1e-5)),
    against="1.00001^100000, about e",
    tolerance=1e-9,
    because="rounding: 100,000 products and the last digit of 1.00001",
)


def library_gradient(program, point):
    """By the library."""
    inputs = [tg.tensor(value, dtype=tg.float64, requires_grad=True) for value in point]
    run(program, inputs).backward()
    return [0.0 if one.grad is None else one.grad.item() for one in inputs]


verify(
    "your engine = ours, on the 200 random programs",
    got=np.array([our_gradient(*pair) for pair in zip(programs, points)]),
    want=np.array([library_gradient(*pair) for pair in zip(programs, points)]),
    against="tinygrad_edu",
    tolerance=1e-11,
    because="the same slopes and sums, perhaps in another order",
)
x, y = (tg.tensor(value, requires_grad=True) for value in (2.0, -3.0))
L = y * (x * y + x) ** 2
show.explain(L)

# %% [markdown] nbgrader={"schema_version": 3, "grade": true, "grade_id": "02.youngest", "locked": false, "points": 3, "solution": true, "task": false}
# **Explain** (3 points, read by a person). Our engine never searches for an order. It numbers nodes at birth and always
# takes the youngest that is waiting. (a) Why is every child's gradient complete when its parent's turn comes? (b) Which
# property of `Scalar`, or of the way we use it, is this argument built on, and how could a program destroy it?
#
# ### BEGIN MARK SCHEME
# 1 point: a child is made from its parents, so it is younger than each of them.
# 1 point: so when a node is the youngest one waiting, no child of it can still come: children are younger, and whoever
# is younger has been taken before or was never reached from the root.
# 1 point: the argument needs parents to be fixed at birth. A node that gets a new parent later (`node.parents += (late,)`),
# or an in-place change that makes an old node depend on a younger one, breaks it. (An engine must then give the written
# tensor a new node.)
# ### END MARK SCHEME
# ### BEGIN SOLUTION
# A node is made from its parents, so it is younger than they are. If a node is the youngest one waiting, all of its
# children that the root depends on are younger, so they have been taken already and have added their contributions. It
# rests on parents being fixed when the node is born: if an old node could be given a younger parent, for instance by
# writing into it in place, age would no longer say who comes first.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# | what you see | what it is | what the check says |
# |---|---|---|
# | right for `tanh(a)`, half of it for `a * a` | `=` where `+=` belongs | "contributions are added (+=), not assigned (=)" |
# | right the first time, growing with every call | gradients never set back to 0; in PyTorch and here, a forgotten `zero_grad()` | "what the first call left in .grad is still there" |
# | gradients too large by whole factors, and slow | a search that visits a node once for each path | "entries of the list are repetitions" |
# | some gradients too small, depending on how the formula is written | a node was walked before all its children | "node 1 stands before node 2, which was made from it" |
# | the slopes of a product exchanged; right for `a * a` | tested with two equal factors | "yours are exchanged" |
#
# ## Summary
#
# | | |
# |---|---|
# | slope | $\partial v_j / \partial v_i$ of one operation; all the calculus there is |
# | sum over children | $\bar v_i = \sum_j \bar v_j\, \partial v_j/\partial v_i$, beginning with $\bar L = 1$ |
# | sum over paths | along a path multiply, over paths add; $2^k$ paths, but $3k$ edges |
# | reverse | one sweep per output: $mE$ multiplications, and the whole graph in memory |
# | forward | one sweep per input: $nE$ multiplications, nothing in memory; $(ab)^{\cdot} = \dot a b + a \dot b$ |
# | order | every node after all of its children; by age, youngest first, it comes for free |
#
# ## Further reading
#
# - [Baydin, Pearlmutter, Radul, Siskind: Automatic differentiation in machine learning, a survey](https://arxiv.org/abs/1502.05767): the same ideas with their history, in 40 pages.
# - Griewank and Walther, *Evaluating Derivatives* (SIAM 2008), chapters 3 and 4: why a gradient costs at most a small multiple of the function.
# - [micrograd](https://github.com/karpathy/micrograd): the best known engine of this size. Its nodes keep a function where ours keep slopes; compare.
# - [Veit, Wilber, Belongie: Residual networks behave like ensembles of relatively shallow networks](https://arxiv.org/abs/1605.06431): the $2^k$ paths of section 5, taken seriously.
# - PyTorch does this in `torch/csrc/autograd/engine.cpp`, with a heap, too; JAX's forward mode is `jax.jvp`, its reverse mode `jax.vjp`.
#
# Next, in lesson 03, the numbers on the edges become matrices, so large that nobody ever writes them down.

# %% [markdown] tags=["instructor"]
# ## Notes for instructors
#
# **Time.** First picture and warm-up 5 min · sections 1 and 2 with the pencil exercise 20 · section 3 with the rules 15 ·
# order 15 · the colleague's bug 10 · paths and breaking 10 · dual numbers and costs 20 · experiment 5 · reading ours 10.
# Two sessions of 55 minutes split well after the film (section 4).
#
# **Do the film on the board first.** One volunteer per node, sitting; edges are arms. "Forward" they call out values. "Backward",
# each adds up what it hears and may speak only when all its children have spoken. $x$ will speak too early. That
# moment is worth ten minutes of slides.
#
# **Where they get stuck.**
# 1. *Parents and children*: here the parent is the input, since it is older. micrograd says `_prev` and children the other way. Write it on the board, once.
# 2. *Gradient or slope?* The slope is on an edge, the gradient in a node. Insist on the words for a week.
# 3. *Order*: most first answers are breadth-first. The lesson's own graph refutes it, since $y$ comes too early; let them find where.
# 4. *"Why set to 0, PyTorch doesn't"*: ours does not either, for leaves. Good occasion for `zero_grad`.
#
# **Variants.** Add `relu` and `log` (1 point each, slopes $[a > 0]$ and $1/a$; ask what happens at the kink). Write
# `topological_order` without recursion (a stack of pairs, or by counting children). Jacobian of a function with 3 outputs by both modes.
# Harder: let `Scalar.slopes` be Scalars themselves and get second derivatives; which line of `send_back` must change?
#
# **02.youngest.** Mark scheme in the cell. A good answer mentions that in-place writing is where this goes wrong: that is what the
# version clock in `engine/clock.py` is for.
#
# **If you are short of time**, drop the section on dual numbers and assign it; keep the film and the colleague's bug.
