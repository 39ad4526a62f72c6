# ---
# title: "Regression: the mean squared error"
# id: "05"
# version: 1
# minutes: {read: 30, exercises: 45}
# level: 2 of 5
# prerequisites: {lessons: ["03", "04"], mathematics: ["matrix times vector", "the normal distribution", "eigenvalues of a symmetric matrix"]}
# needs: [numpy, matplotlib]
# seeds: [0]
# budget: 20
# next: "06"
# goals:
#   - {can: "derive the gradient of the mean squared error and write it", proved_by: "05.gradient"}
#   - {can: "find the bottom of the bowl in one step", proved_by: "05.normal"}
#   - {can: "say what a penalty on the weights does", proved_by: "05.ridge"}
#   - {can: "predict at which learning rate descent explodes", proved_by: "05.rate"}
#   - {can: "choose a loss for data with outliers", proved_by: "05.huber"}
# ---

# %%
import time

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure

import tinygrad_edu as torch
from tinygrad_edu import nn, show
from tinygrad_edu.autograd import functional, grad, gradcheck
from tinygrad_edu.course import check, predict, seed, show_figure, verify
from tinygrad_edu.nn import functional as F

SEED = seed(0)
rng = np.random.default_rng(SEED)
BLUE, ORANGE, GREEN, GRAY = "#0072B2", "#D55E00", "#009E73", "#666666"


def numeric_gradient(f, x, h=1e-5):
    """Central differences, as in lesson 01."""
    found = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[index] = h
        found[index] = (f(x + step) - f(x - step)) / (2 * h)
    return found


# %% [markdown]
# ## Why squares?
#
# Here are 60 measurements: how long a plant is after $x$ days. You want a line through them. *Which* line? You need a
# number that says how bad a line is, and nearly everybody, since 1805, takes the mean of the **squared** misses. Why not
# the misses themselves? Why not their fourth power? If you ever answered "because the derivative is nice", this lesson
# has a better answer: because of how noise behaves.
#
# ![Sixty noisy points, the line of least squares through them, and each miss drawn as a stroke; the misses have a bell-shaped histogram](../figures/05-line.png)

# %%
days = rng.uniform(0, 10, size=60)
length = 1.5 + 0.8 * days + rng.normal(scale=1.2, size=60)  # nature's line, and noise
X = np.column_stack([days, np.ones(60)])  # a column of ones: its weight is the intercept
w_best = np.linalg.lstsq(X, length)[0]

figure = Figure(figsize=(7, 3.4), layout="constrained")
left, right = figure.subplots(1, 2, width_ratios=[2, 1])
left.plot(days, length, "o", color=BLUE, ms=4)
left.vlines(days, X @ w_best, length, color=ORANGE, lw=1)
left.plot([0, 10], [w_best[1], w_best[1] + 10 * w_best[0]], color=GREEN)
left.set(xlabel="x: days", ylabel="y: length")
right.hist(length - X @ w_best, bins=12, color=ORANGE, orientation="horizontal")
right.set(xlabel="how often", ylabel="miss")
show_figure(
    figure,
    name="05-line",
    alt="Sixty noisy points, the line of least squares through them, and each miss drawn as a "
    "stroke; the misses have a bell-shaped histogram",
)

# %% [markdown]
# ## Warm-up
#
# From lessons 03 and 04. Guess first.

# %%
shape = predict("the shape of Xᵀ r, for X (60, 2) and r (60)", guess=None)
dtype = predict("the dtype for checking gradients", guess=None)
adjoint = predict("the gradient of sum(x) with respect to one entry of x", guess=None)

# %%
shape.reveal((X.T @ length).shape)
dtype.reveal("float64")
adjoint.reveal(1.0)

# %% [markdown]
# ## Notation
#
# | symbol | meaning | shape | in code |
# |---|---|---|---|
# | $X$ | inputs, a case in each row | $(N, D)$ | `X` |
# | $y$ | targets | $(N)$ | `y`, `length` |
# | $w$ | weights | $(D)$ | `w` |
# | $\hat y = X w$ | predictions | $(N)$ | `X @ w` |
# | $r = X w - y$ | residuals: prediction minus target | $(N)$ | `r` |
# | $L$ | the loss, one number | $()$ | `mse(w)` |
# | $g = \partial L/\partial w$ | the gradient: **the shape of $w$** | $(D)$ | |
# | $H$ | the Hessian, all second derivatives | $(D, D)$ | |

# %% [markdown]
# ## Least squares is what normal noise asks for
#
# **Claim.** If the noise is normal, the weights under which the data are most probable are those of least squares.
#
# 1. Let $y_i = x_i \cdot w + e_i$ with noise $e_i$ of density $\frac{1}{\sqrt{2\pi}\sigma} e^{-e_i^2 / 2\sigma^2}$.
# 2. Independent cases multiply: $p(y \mid w) = \prod_i \frac{1}{\sqrt{2\pi}\sigma} e^{-(x_i \cdot w - y_i)^2/2\sigma^2}$.
# 3. Products are unpleasant, so take the logarithm, and turn the sign so that small is good:
#
# $$-\ln p(y \mid w) = \frac{1}{2\sigma^2} \sum_{i=1}^{N} (x_i \cdot w - y_i)^2 + N \ln(\sqrt{2\pi}\sigma)$$
#
# 4. The second term does not know $w$. The first is $\frac{N}{2\sigma^2}$ times the **mean squared error**.
#
# In words: squares come from the exponent of the bell curve. Noise with another bell asks for another loss: for
# $e^{-|e|}$ it would be absolute values (you will meet this at the end, with outliers).


# %%
def mse(w, X=X, y=length):
    """(1/N) Σ (X w - y)²"""
    return float(np.mean((X @ w - y) ** 2))


sigma, w_some = 1.2, np.array([0.7, 2.0])
densities = np.exp(-((X @ w_some - length) ** 2) / (2 * sigma**2)) / (
    np.sqrt(2 * np.pi) * sigma
)
verify(
    "-ln p = N/(2σ²) · MSE + N ln(√(2π) σ)",
    got=60 / (2 * sigma**2) * mse(w_some) + 60 * np.log(np.sqrt(2 * np.pi) * sigma),
    want=-sum(np.log(density) for density in densities),
    against="the densities of all 60 cases, one by one",
    tolerance=1e-12,
    because="both are sums of 60 numbers",
)

# %% [markdown]
# ## The gradient
#
# **Claim.** $\partial L / \partial w = \frac2N X^\top (X w - y)$.
#
# 1. One case, one residual: $r_i = \sum_k X_{ik} w_k - y_i$, so $\frac{\partial r_i}{\partial w_j} = X_{ij}$.
# 2. Square, and the chain rule: $\frac{\partial r_i^2}{\partial w_j} = 2 r_i X_{ij}$.
# 3. Mean over the cases: $\frac{\partial L}{\partial w_j} = \frac{2}{N} \sum_i X_{ij} r_i$.
# 4. A sum over the first index of $X$ is a product with $X^\top$:
#
# $$\frac{\partial L}{\partial w} = \frac{2}{N} X^\top (X w - y) \qquad (D) = (D, N)\,(N)$$
#
# Read it aloud: each weight is told how its own column of $X$ and the misses go together.
#
# ### Exercise 05.gradient: The gradient of the mean squared error


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "05.gradient", "locked": false, "solution": true, "task": false}
def mse_gradient(X, y, w):
    """The gradient of mean((X w - y)²) with respect to w, in the shape of w"""
    ### BEGIN SOLUTION
    return 2 / len(X) * X.T @ (X @ w - y)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "05.gradient.check", "locked": true, "points": 2, "solution": false, "task": false}
check("05.gradient", mse_gradient)

# %%
verify(
    "∂L/∂w = (2/N) Xᵀ (X w - y)",
    got=mse_gradient(X, length, w_some),
    want=numeric_gradient(mse, w_some),
    against="central differences",
    tolerance=1e-7,
    because="a square has no third derivative: only rounding is left",
)
w = torch.tensor(w_some, requires_grad=True)
loss = F.mse_loss(torch.tensor(X) @ w, torch.tensor(length))
(found,) = grad(loss, w)
verify(
    "the engine finds the same",
    got=found,
    want=mse_gradient(X, length, w_some),
    against="your function",
    tolerance=1e-12,
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Begin with the residuals, of shape $(N)$.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `X.T @ r` has the shape of `w`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Two constants: the 2 of the square, the $1/N$ of the mean.
#
# </details>

# %% [markdown]
# This is the graph that the engine walked: from the loss at the bottom back to $w$. Every box carries the gradient
# that arrived there. Follow the numbers once with your finger.
#
# ![The graph of the loss: X times w, minus y, squared, mean; gradients flow from the loss back to w](../figures/05-graph.svg)

# %%
tiny = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
weights = torch.tensor([0.5, -1.0], requires_grad=True)
targets = torch.tensor([1.0, 0.0, 2.0])
small_loss = ((tiny @ weights - targets) ** 2).mean()
show_figure(
    show.draw(small_loss),
    name="05-graph",
    alt="The graph of the loss: X times w, minus y, squared, mean; gradients flow from the loss "
    "back to w",
)

# %% [markdown]
# ## The bowl
#
# **Claim.** The loss is a bowl: its second derivatives are the same everywhere, and it bends upward in every direction.
#
# 1. Differentiate $\frac{\partial L}{\partial w_j} = \frac2N \sum_i X_{ij} (\sum_k X_{ik} w_k - y_i)$ once more, by $w_k$:
#
# $$H_{jk} = \frac{\partial^2 L}{\partial w_j \partial w_k} = \frac{2}{N} \sum_i X_{ij} X_{ik}, \qquad H = \frac2N X^\top X$$
#
# 2. There is no $w$ left in it: the same bend everywhere.
# 3. In any direction $v$: $\; v^\top H v = \frac2N v^\top X^\top X v = \frac2N \lVert X v \rVert^2 \ge 0$. Never downward. One
#    valley, no traps: this is what *convex* means.

# %%
hessian = functional.hessian(
    lambda w: F.mse_loss(torch.tensor(X) @ w, torch.tensor(length)), torch.tensor(w_some)
)
verify(
    "H = (2/N) Xᵀ X",
    got=2 / 60 * X.T @ X,
    want=hessian,
    against="the gradient, differentiated by the engine",
    tolerance=1e-12,
)
directions = rng.normal(size=(1000, 2))
bends = np.einsum("ij,jk,ik->i", directions, 2 / 60 * X.T @ X, directions)
verify(
    "vᵀ H v = (2/N) |X v|²",
    got=bends,
    want=2 / 60 * ((directions @ X.T) ** 2).sum(axis=1),
    against="1000 random directions",
    tolerance=1e-10,
)
print(f"the least bend among them: {bends.min():.4f}")

# %% [markdown]
# ## The bottom, in one step
#
# At the bottom of the bowl the gradient vanishes: $\frac2N X^\top (X w - y) = 0$, that is
#
# $$X^\top X \, w = X^\top y$$
#
# These are the **normal equations**: the residual is normal (perpendicular) to every column of $X$. $D$ equations for
# $D$ weights; no descent at all.
#
# ### Exercise 05.normal: The bottom of the bowl in one step


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "05.normal", "locked": false, "solution": true, "task": false}
def normal_equations(X, y):
    """The weights of least squares. np.linalg.solve(A, b) solves A w = b"""
    ### BEGIN SOLUTION
    return np.linalg.solve(X.T @ X, X.T @ y)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "05.normal.check", "locked": true, "points": 2, "solution": false, "task": false}
check("05.normal", normal_equations)

# %%
w_normal = normal_equations(X, length)
verify(
    "Xᵀ (X w - y) = 0 at the bottom",
    got=X.T @ (X @ w_normal - length) / 60,
    want=np.zeros(2),
    against="zero",
    tolerance=1e-11,
    because="what rounding leaves of sums near 300",
)
verify(
    "the normal equations give the least squares",
    got=w_normal,
    want=w_best,
    against="numpy.linalg.lstsq, which takes another way (a singular value decomposition)",
    tolerance=1e-9,
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Two matrices to build: the left side's and the right side's.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Left $X^\top X$, of shape $(D, D)$; right $X^\top y$, of shape $(D)$.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `np.linalg.solve(X.T @ X, X.T @ y)`
#
# </details>

# %% [markdown]
# ## The way down, and where it ends
#
# Then why descend at all? Because one step works for squares of *linear* models only, and costs $D^3$. Everything after
# this lesson descends. Let us see the path, and when it leaves the bowl.
#
# 1. Let $w^*$ be the bottom and $d = w - w^*$ the way there. Since $L$ is a bowl: $\frac{\partial L}{\partial w} = H d$.
# 2. One step of descent with rate $\eta$: $\; w - \eta H d - w^* = (I - \eta H)\, d$.
# 3. Along an eigenvector of $H$ with eigenvalue $\lambda$, the distance is multiplied by $1 - \eta \lambda$, each step:
#
# $$d_t = (1 - \eta\lambda)^t \, d_0$$
#
# 4. It shrinks while $|1 - \eta\lambda| < 1$, that is $\eta < 2/\lambda$. The steepest direction decides: $\eta < 2/\lambda_{max}$.

# %%
H = 2 / 60 * X.T @ X
eigenvalues, eigenvectors = np.linalg.eigh(H)
eta, w_t = 0.02, np.array([2.0, -2.0])
d_0 = eigenvectors.T @ (w_t - w_best)
for _ in range(50):
    w_t = w_t - eta * mse_gradient(X, length, w_t)
verify(
    "d_t = (1 - ηλ)^t d_0, along both eigenvectors",
    got=(1 - eta * eigenvalues) ** 50 * d_0,
    want=eigenvectors.T @ (w_t - w_best),
    against="50 steps of descent",
    tolerance=1e-9,
    because="50 roundings",
)
ratio = eigenvalues[1] / eigenvalues[0]
print(f"bends: {eigenvalues.round(2)}; the steepest is {ratio:.0f} times the flattest")

# %% [markdown]
# ### Exercise 05.rate: How large may the step be?
#
# From which learning rate on does descent explode, for given inputs $X$? (`np.linalg.eigvalsh(A)` gives the eigenvalues
# of a symmetric matrix, the smallest first.)


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "05.rate", "locked": false, "solution": true, "task": false}
def largest_rate(X):
    """The edge: descent on the mean of (X w - y)² shrinks below it and grows above"""
    ### BEGIN SOLUTION
    return 2 / np.linalg.eigvalsh(2 / len(X) * X.T @ X)[-1]
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "05.rate.check", "locked": true, "points": 2, "solution": false, "task": false}
check("05.rate", largest_rate)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Step 4 above. Which matrix has the $\lambda$s?
#
# </details>
# <details><summary>Hint 2</summary>
#
# $H = \frac2N X^\top X$, and the largest eigenvalue stands last.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `2 / np.linalg.eigvalsh(2 / len(X) * X.T @ X)[-1]`
#
# </details>

# %% [markdown]
# Now predict, then watch three walkers on the same bowl: one careful, one just below the edge, one just above.
#
# ![Three descents on the same elliptic bowl: the careful one creeps along the valley, the one just below the edge zigzags and arrives, the one just above swings out of the picture](../figures/05-bowl.gif)

# %%
last = predict(
    "which of the three is nearest to the bottom after 24 steps (careful, below, above)",
    guess=None,
)

# %%
edge = largest_rate(X)
walks = {
    "careful: 0.2 of the edge": (0.2, BLUE, "o"),
    "below: 0.97": (0.97, GREEN, "s"),
    "above: 1.02": (1.02, ORANGE, "^"),
}
paths = {}
for name, (share, _, _) in walks.items():
    w_t, places = np.array([0.3, 6.0]), []
    for _ in range(25):
        places.append(w_t)
        w_t = w_t - share * edge * mse_gradient(X, length, w_t)
    paths[name] = np.array(places)

film = Figure(figsize=(6.4, 4), layout="constrained")
stage = film.add_subplot()
slopes, intercepts = np.meshgrid(np.linspace(-0.6, 2, 80), np.linspace(-2, 7, 80))
heights = [[mse(np.array([a, b])) for a, b in zip(*row)] for row in zip(slopes, intercepts)]
stage.contour(slopes, intercepts, np.log(heights), levels=14, colors=GRAY, linewidths=0.6)
stage.plot(*w_best, "*", color="black", ms=12)
stage.set(xlabel="slope", ylabel="intercept", xlim=(-0.6, 2), ylim=(-2, 7))
drawn = {
    name: stage.plot([], [], color=color, marker=marker, ms=4, lw=1, label=name)[0]
    for name, (_, color, marker) in walks.items()
}
stage.legend(loc="upper right", fontsize=10)


def frame(i):
    """All walkers up to step i."""
    for name, line in drawn.items():
        line.set_data(paths[name][: i + 1, 0], paths[name][: i + 1, 1])
    return list(drawn.values())


show_figure(
    FuncAnimation(film, frame, frames=25, interval=200),
    name="05-bowl",
    alt="Three descents on the same elliptic bowl: the careful one creeps along the valley, the one "
    "just below the edge zigzags and arrives, the one just above swings out of the picture",
)
for name, places in paths.items():
    print(f"{name:26} {np.linalg.norm(places[-1] - w_best):8.3f} from the bottom")
last.reveal(
    min(paths, key=lambda name: np.linalg.norm(paths[name][-1] - w_best)).split(":")[0]
)

# %% [markdown]
# The flat direction is the problem: a rate that the steep one can bear makes the flat one crawl. Lesson 08 has six
# cures.
#
# ## A prior is a penalty
#
# What if there are fewer cases than weights? Then $X^\top X$ has no inverse: the bowl has a flat floor, and infinitely
# many weights fit perfectly. Say what you believe beforehand: that weights are small, each normal with variance $\tau^2$.
#
# 1. Bayes: $-\ln p(w \mid y) = -\ln p(y \mid w) - \ln p(w) + \text{const}$.
# 2. The prior adds $\frac{1}{2\tau^2} \sum_j w_j^2$. Multiply everything by $\frac{2\sigma^2}{N}$:
#
# $$L_{ridge}(w) = \frac1N \lVert X w - y \rVert^2 + \alpha \lVert w \rVert^2, \qquad \alpha = \frac{\sigma^2}{N \tau^2}$$
#
# 3. The gradient is $\frac2N X^\top (Xw - y) + 2 \alpha w$. The Hessian is $\frac2N X^\top X + 2\alpha I$: no direction is flat
#    any more.

# %%
few, answers, alpha = rng.normal(size=(5, 11)), rng.normal(size=5), 0.1
w_try = torch.tensor(rng.normal(size=11), requires_grad=True)


def ridge_loss(w):
    """Mean squared error plus alpha Σ w²"""
    return F.mse_loss(torch.tensor(few) @ w, torch.tensor(answers)) + alpha * (w * w).sum()


(engine,) = grad(ridge_loss(w_try), w_try)
w_there = w_try.detach().numpy()
verify(
    "∂L_ridge/∂w = (2/N) Xᵀ (Xw - y) + 2αw",
    got=2 / 5 * few.T @ (few @ w_there - answers) + 2 * alpha * w_there,
    want=engine,
    against="the engine, from the definition",
    tolerance=1e-12,
)
assert gradcheck(ridge_loss, (w_try,))

# %% [markdown]
# ### Exercise 05.ridge: A bowl with a bottom
#
# Set that gradient to zero and solve for $w$.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "05.ridge", "locked": false, "solution": true, "task": false}
def ridge(X, y, alpha):
    """The weights at the minimum of mean((X w - y)²) + alpha Σ w²"""
    ### BEGIN SOLUTION
    N, D = X.shape
    return np.linalg.solve(X.T @ X / N + alpha * np.eye(D), X.T @ y / N)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "05.ridge.check", "locked": true, "points": 2, "solution": false, "task": false}
check("05.ridge", ridge)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# $\frac1N X^\top X w + \alpha w = \frac1N X^\top y$.
#
# </details>
# <details><summary>Hint 2</summary>
#
# $\alpha w = \alpha I w$: that is what goes on the diagonal.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `np.linalg.solve(X.T @ X / N + alpha * np.eye(D), X.T @ y / N)`
#
# </details>

# %%
w_ridge = torch.tensor(ridge(few, answers, alpha), requires_grad=True)
verify(
    "the gradient vanishes at the ridge solution",
    got=grad(ridge_loss(w_ridge), w_ridge)[0],
    want=np.zeros(11),
    against="zero",
    tolerance=1e-12,
)

# %% [markdown]
# ## Break it
#
# Move one measurement far away (a typing error: 45 instead of 4.5) and fit again. Squares make a miss of 40 count
# 1,600 times as much as a miss of 1, and the whole line is dragged along.
#
# ![One outlier drags the line of least squares away from the points, while Huber's line stays with them](../figures/05-outlier.png)
#
# **Huber's loss** is a square near zero and a straight line beyond $\pm\delta$:
#
# $$\ell_\delta(e) = \begin{cases} \frac12 e^2 & |e| \le \delta \\ \delta\,(|e| - \frac12\delta) & |e| > \delta \end{cases}$$
#
# ### Exercise 05.huber: Errors that shout
#
# Derive its slope piece by piece. It fits in one line of NumPy. (The two pieces meet in value *and* in slope: check it.)


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "05.huber", "locked": false, "solution": true, "task": false}
def huber_gradient(error, delta):
    """The slope of Huber's loss for each error"""
    ### BEGIN SOLUTION
    return np.clip(error, -delta, delta)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "05.huber.check", "locked": true, "points": 1, "solution": false, "task": false}
check("05.huber", huber_gradient)

# %%
e = torch.tensor(np.array([-3.0, -0.4, 0.2, 0.9, 7.0]), requires_grad=True)
(slopes_of_huber,) = grad(
    F.huber_loss(e, torch.zeros_like(e), reduction="sum", delta=1.0), e
)
verify(
    "Huber's slope is the error, never beyond ±δ",
    got=huber_gradient(e.detach().numpy(), 1.0),
    want=slopes_of_huber,
    against="the engine's huber_loss",
    tolerance=1e-12,
)
spoiled = length.copy()
spoiled[days.argmax()] = 45.0
w_square, w_huber = np.linalg.lstsq(X, spoiled)[0], w_best.copy()
for _ in range(3000):
    w_huber = w_huber - 0.03 * X.T @ huber_gradient(X @ w_huber - spoiled, 1.0) / 60
figure = Figure(figsize=(6.4, 3.2), layout="constrained")
axes = figure.add_subplot()
axes.plot(days, spoiled, "o", color=GRAY, ms=4)
for label, w_line, color, style in (
    ("least squares", w_square, ORANGE, "--"),
    ("Huber", w_huber, BLUE, "-"),
):
    axes.plot(
        [0, 10], [w_line[1], w_line[1] + 10 * w_line[0]], style, color=color, label=label
    )
axes.set(xlabel="days", ylabel="length", ylim=(-2, 48))
axes.legend(fontsize=11, loc="upper left")
show_figure(
    figure,
    name="05-outlier",
    alt="One outlier drags the line of least squares away from the points, while Huber's line stays "
    "with them",
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# $\frac{d}{de} \frac12 e^2 = e$; $\frac{d}{de} \delta |e| = \delta \operatorname{sign}(e)$.
#
# </details>
# <details><summary>Hint 2</summary>
#
# So it is $e$, until it would leave $[-\delta, \delta]$.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `np.clip(error, -delta, delta)`
#
# </details>

# %% [markdown]
# ## Experiment: how wiggly may it be?
#
# Now with the engine, a model, and an optimizer: polynomials of degree 9 through 12 points. The sanity ladder: the loss
# at the start is what it should be, the gradient is right, a tiny case is solved, then the rest. Change `alpha`; predict
# where the error on *new* points is least.
#
# ![With no penalty the curve runs through every point and swings wildly between them; a small penalty calms it, a large one flattens it](../figures/05-ridge.png)


# %%
def features(x):
    """Powers 0 to 9 of x in [-1, 1]"""
    return np.stack([x**k for k in range(10)], axis=1)


def truth(x):
    """What nature does; the points are noisy measurements of it."""
    return np.sin(3 * x)


x_few = np.sort(rng.uniform(-1, 1, 12))
y_few = truth(x_few) + rng.normal(scale=0.15, size=12)
x_new = np.linspace(-1, 1, 200)
model = nn.Linear(10, 1, bias=False).double()
Phi, targets_few = torch.tensor(features(x_few)), torch.tensor(y_few)
w_random = torch.tensor(rng.normal(size=10), requires_grad=True)
assert gradcheck(lambda w: F.mse_loss(Phi @ w, targets_few), (w_random,))
with torch.no_grad():
    model.weight.zero_()
start = F.mse_loss(model(Phi)[:, 0], targets_few).item()
verify(
    "with weights 0 the loss is the mean of y²",
    got=start,
    want=np.mean(y_few**2),
    against="NumPy",
    tolerance=1e-12,
)

figure = Figure(figsize=(7, 2.9), layout="constrained")
for axes, alpha in zip(figure.subplots(1, 3, sharey=True), (1e-12, 1e-3, 1.0)):
    fitted = ridge(features(x_few), y_few, alpha)
    error = np.mean((features(x_new) @ fitted - truth(x_new)) ** 2)
    axes.plot(x_new, truth(x_new), color=GRAY, linestyle=":")
    axes.plot(x_new, features(x_new) @ fitted, color=BLUE)
    axes.plot(x_few, y_few, "o", color=ORANGE, ms=4)
    axes.set_title(f"α = {alpha:g}\nnew points: {error:.2g}", fontsize=11)
    axes.set_ylim(-2, 2)
show_figure(
    figure,
    name="05-ridge",
    alt="With no penalty the curve runs through every point and swings wildly between them; a small "
    "penalty calms it, a large one flattens it",
)

# %% [markdown]
# ## What it costs
#
# Forward: $X w$ is $N D$ multiplications and as many additions. Backward: $X^\top r$, the same again. So a step costs
# about $4 N D$ operations, and it must read $X$ twice, $16 N D$ bytes in float64: four bytes for each operation. A
# processor can compute faster than it can read, so **reading decides**.

# %%
guess = predict("milliseconds for one gradient with N = 100000, D = 50", guess=None)

# %%
big, goal, w_big = (
    rng.normal(size=(100_000, 50)),
    rng.normal(size=100_000),
    rng.normal(size=50),
)
copied = big.copy()
begun = time.perf_counter()
np.copyto(copied, big)
bandwidth = 2 * big.nbytes / (time.perf_counter() - begun)
runs = []
for _ in range(5):
    begun = time.perf_counter()
    mse_gradient(big, goal, w_big)
    runs.append(time.perf_counter() - begun)
print("                     predicted      measured")
print(f"operations     {4 * big.size:15,}             -")
print(f"bytes read     {2 * big.nbytes:15,}             -")
print(f"milliseconds   {2e3 * big.nbytes / bandwidth:15.1f}  {1e3 * min(runs):12.1f}")
guess.reveal(round(1e3 * min(runs), 1), within=0.5)

# %% [markdown]
# This is what the package does for the same job. The definition is what you derived; the derivative of each operation
# stands on the line below it.

# %%
show.source(F.mse_loss)
show.source("square")

# %% [markdown]
# ## Common mistakes
#
# | what you see | what it is | what helps |
# |---|---|---|
# | the check says *got = 60 · want* | the mean's $1/N$ is missing | divide by the number of cases |
# | the loss grows from step to step | the rate is above $2/\lambda_{max}$, or the sign of the gradient is wrong | halve the rate; gradcheck |
# | the loss hardly moves, though the rate is near the edge | one direction is much flatter than another | scale the columns of $X$; lesson 08 |
# | `LinAlgError: Singular matrix` | more weights than cases, or two equal columns | a penalty |
# | `(N, 1)` minus `(N)` gives `(N, N)` | broadcasting did what you said | make both $(N)$ |
#
# The last one is the most expensive bug of beginners: no error, a plausible loss, and nothing learned. Try it:

# %%
column, row = np.ones((4, 1)), np.ones(4)
print("(4, 1) - (4,) has shape", (column - row).shape)

# %% [markdown]
# ## Summary
#
# | | |
# |---|---|
# | normal noise ⇒ | mean squared error $L = \frac1N \lVert Xw - y\rVert^2$ |
# | gradient | $\frac2N X^\top (Xw - y)$ |
# | Hessian | $\frac2N X^\top X$, constant, never negative |
# | bottom | $X^\top X w = X^\top y$ |
# | descent converges for | $\eta < 2/\lambda_{max}(H)$ |
# | normal prior ⇒ | $+\,\alpha \lVert w \rVert^2$, and $+\,2\alpha w$ in the gradient |
# | outliers ⇒ | Huber: the slope is clipped at $\pm\delta$ |

# %% [markdown]
# ## Further reading
#
# - S. Stigler, *Gauss and the invention of least squares*, 1981: who was first, and why it matters to nobody now.
# - C. Bishop, *Pattern Recognition and Machine Learning*, chapter 3: the Bayesian way, in full.
# - P. Huber, *Robust estimation of a location parameter*, 1964: where the loss with his name comes from.
# - In PyTorch: `torch.nn.MSELoss`, `torch.nn.HuberLoss`, and `weight_decay=` of the optimizers, which is $2\alpha$ here.

# %% [markdown] tags=["instructor"]
# ## Instructor notes
#
# **Timing** (75 min): question 5, noise 10, gradient with 05.gradient 15, bowl and 05.normal 12, edge and animation 15,
# ridge 10, outliers 5; the experiment and 05.ridge as homework.
#
# **Where learners get stuck.** The index form of the gradient: let one write $D = 2$, $N = 3$ in full on the board.
# $2/\lambda$ against $1/\lambda$: ask what happens to the steepest direction at exactly $1/\lambda$ (it arrives in one step).
#
# **Variants.** Columns of very different scale (days in seconds): how does the edge move? Laplace noise instead of normal.
#
# **Open question for the end**: *Your loss is 0 on the training data. Are you happy?* Mark scheme (3): more weights than
# cases can always reach 0 (1); the error on new points decides (1); a penalty or more data (1).
