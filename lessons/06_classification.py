# ---
# title: "Classification: softmax and cross-entropy"
# id: "06"
# version: 1
# minutes: {read: 35, exercises: 55}
# level: 2 of 5
# prerequisites: {lessons: ["03", "04", "05"], mathematics: ["logarithm and exponential", "probability of independent events"]}
# needs: [numpy, matplotlib, scikit-learn]
# seeds: [0]
# budget: 20
# next: "07"
# goals:
#   - {can: "compute a logarithm of a sum of exponentials that never overflows", proved_by: "06.logsumexp"}
#   - {can: "send a gradient back through a softmax", proved_by: "06.vjp"}
#   - {can: "derive the gradient of cross-entropy and write it", proved_by: "06.gradient"}
#   - {can: "smooth labels and say what that does", proved_by: "06.smoothing"}
#   - {can: "find out why a loss is nan", proved_by: "06.nan"}
# ---

# %%
import math
import time

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure

import tinygrad_edu as torch
from tinygrad_edu import nn, optim, show
from tinygrad_edu.autograd import functional, grad, gradcheck
from tinygrad_edu.course import check, predict, seed, show_figure, verify
from tinygrad_edu.nn import functional as F

SEED = seed(0)
rng = np.random.default_rng(SEED)
BLUE, ORANGE, GREEN, GRAY = "#0072B2", "#D55E00", "#009E73", "#666666"

# %% [markdown]
# ## The bill for being sure
#
# Three weather services forecast the same ten days. On nine days it was dry, on one it rained. Cautious said "10 % rain"
# every day. Boaster said "0 %" every day. Coin said "50 %". Who was best?
#
# If a forecast costs $-\ln(\text{probability it gave to what happened})$, Boaster's bill is **infinite**, from a single
# day. That is the loss of this lesson, and it is the loss of nearly every model that classifies anything, from digits
# to the next word.

# %%
days = np.array([0, 0, 0, 0, 1, 0, 0, 0, 0, 0])  # 1: rain
for name, rain in (("Cautious", 0.1), ("Coin", 0.5), ("Boaster", 0.0)):
    given = np.where(days == 1, rain, 1 - rain)
    with np.errstate(divide="ignore"):
        print(f"{name:9} mean bill {-np.log(given).mean():.3f}")

# %% [markdown]
# ## Warm-up
#
# From lesson 05 and before. Guess first.

# %%
first = predict("ln(1)", guess=None)
second = predict(
    "the loss that normal noise asks for (one word: squares, absolutes or logs)", guess=None
)
third = predict("exp(1000) in float64", guess=None)

# %%
first.reveal(0.0)
second.reveal("squares")
with np.errstate(over="ignore"):
    third.reveal(np.exp(1000.0))

# %% [markdown]
# ## Notation
#
# | symbol | meaning | shape | in code |
# |---|---|---|---|
# | $z$ | logits: any numbers, one for each class | $(N, C)$ | `z` |
# | $p = \mathrm{softmax}(z)$ | probabilities: positive, each row sums to 1 | $(N, C)$ | `p` |
# | $t$ | labels: the number of the right class | $(N)$, integers | `labels` |
# | $y$ | the same as rows of zeros with a single 1 | $(N, C)$ | `y` |
# | $g$ | the gradient that arrives from behind: **the shape of what it belongs to** | $(N, C)$ | `g` |
# | $L$ | the loss, one number | $()$ | |
# | $\delta_{ij}$ | 1 if $i = j$, else 0 | | |

# %% [markdown]
# ## From any numbers to probabilities
#
# A linear model gives $C$ numbers of any sign. Probabilities must be positive: take $e^{z_i}$. They must sum to 1: divide
# by the sum.
#
# $$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$$
#
# **Claim.** Adding the same number to all logits changes nothing: $\frac{e^{z_i + c}}{\sum_j e^{z_j + c}} = \frac{e^c e^{z_i}}{e^c \sum_j e^{z_j}} = p_i$.
# Only differences of logits mean anything. Remember this; it will save us from infinity.

# %%
z = rng.normal(size=(4, 3))


def softmax(z):
    """Rows of probabilities, as the formula says"""
    raised = np.exp(z)
    return raised / raised.sum(axis=-1, keepdims=True)


verify(
    "p_i = e^z_i / Σ e^z_j",
    got=F.softmax(torch.tensor(z), dim=1),
    want=np.array(
        [[math.exp(v) / sum(math.exp(u) for u in row) for v in row] for row in z]
    ),
    against="two loops and the math module",
    tolerance=1e-14,
)
verify(
    "softmax(z + c) = softmax(z)",
    got=softmax(z + 5.0),
    want=softmax(z),
    against="the same without c",
    tolerance=1e-14,
)

# %% [markdown]
# With three classes every $p$ is a point in a triangle: corners are certainty, the middle is "no idea". Divide the logits
# by a **temperature** $T$ first, and $p$ wanders: $T \to 0$ into the corner of the largest logit, $T \to \infty$ into the
# middle.
#
# ![A point in the triangle of three probabilities wanders from a corner, where temperature is low, to the middle, where it is high](../figures/06-simplex.gif)

# %%
corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.866]])
logits = np.array([2.0, 1.2, -0.5])
temperatures = np.geomspace(0.1, 20, 24)
film = Figure(figsize=(6.4, 3.4), layout="constrained")
triangle, bars = film.subplots(1, 2)
triangle.fill(*corners.T, fill=False, color=GRAY)
triangle.plot(
    *(softmax(logits / np.geomspace(0.05, 50, 99)[:, None]) @ corners).T, ":", color=GRAY
)
for name, corner in zip("ABC", corners):
    triangle.annotate(
        name, corner, fontsize=13, ha="center", va="bottom" if corner[1] else "top"
    )
(point,) = triangle.plot([], [], "o", color=ORANGE, ms=9)
triangle.set(aspect="equal", xlim=(-0.1, 1.1), ylim=(-0.15, 1.0))
triangle.axis("off")
columns = bars.bar(list("ABC"), [0, 0, 0], color=BLUE)
bars.set(ylim=(0, 1), ylabel="probability")


def frame(i):
    """A hotter softmax in each frame."""
    p = softmax(logits / temperatures[i])
    point.set_data(*(p @ corners)[:, None])
    for column, height in zip(columns, p):
        column.set_height(height)
    bars.set_title(f"T = {temperatures[i]:.2f}", fontsize=11)
    return (point,)


show_figure(
    FuncAnimation(film, frame, frames=24, interval=180),
    name="06-simplex",
    alt="A point in the triangle of three probabilities wanders from a corner, where temperature "
    "is low, to the middle, where it is high",
)

# %% [markdown]
# ## The loss: what the right class was given
#
# **Claim.** If the model's probabilities are $p$, the data are most probable where the mean of $-\ln p_t$ is least.
#
# 1. A case with label $t$ had, according to the model, the probability $p_t$.
# 2. Independent cases multiply: $\prod_n p_{n, t_n}$. Take the logarithm and turn the sign, as in lesson 05.
#
# $$L = -\frac1N \sum_{n=1}^N \ln p_{n, t_n}$$
#
# 3. With $\ln p_t = z_t - \ln \sum_j e^{z_j}$, it can be had from the logits directly:
#
# $$L = \frac1N \sum_{n=1}^N \Big( \ln \sum_j e^{z_{nj}} - z_{n, t_n} \Big)$$

# %%
labels = np.array([2, 0, 1, 1])
p = softmax(z)
verify(
    "L = -(1/N) Σ ln p_t",
    got=F.cross_entropy(torch.tensor(z), torch.tensor(labels)),
    want=-sum(math.log(p[n, labels[n]]) for n in range(4)) / 4,
    against="a loop over the cases",
    tolerance=1e-14,
)
verify(
    "the same from the logits",
    got=np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(4), labels]),
    want=F.cross_entropy(torch.tensor(z), torch.tensor(labels)),
    against="the package",
    tolerance=1e-14,
)

# %% [markdown]
# A sanity check for life: a model that knows nothing gives every class $1/C$, so **its loss is $\ln C$**. Ten classes:
# 2.303. If your first loss is not near it, stop and look.

# %%
start = predict("the loss of an untrained model with 10 classes", guess=None)

# %%
start.reveal(round(math.log(10), 3), within=0.05)
verify(
    "no knowledge costs ln C",
    got=F.cross_entropy(torch.zeros(7, 10, dtype=torch.float64), torch.arange(7)),
    want=math.log(10),
    against="the logarithm",
    tolerance=1e-14,
)

# %% [markdown]
# ## Break it: infinity
#
# $e^{1000}$ does not fit into a float64, and logits of 1000 do happen. Then $p = \infty/\infty$: not a number, and one NaN
# makes every weight NaN in a single step. The cure is the claim from above: only differences matter, so take out the
# largest logit $m$ *before* exponentiating.
#
# $$\ln \sum_j e^{z_j} = m + \ln \sum_j e^{z_j - m}, \qquad m = \max_j z_j$$
#
# The largest exponent is now exactly 0, the sum is between 1 and $C$, and nothing can overflow.
#
# ### Exercise 06.logsumexp: A logarithm that survives


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "06.logsumexp", "locked": false, "solution": true, "task": false}
def logsumexp(z):
    """ln Σ e^z along the last axis, for logits of any size"""
    ### BEGIN SOLUTION
    m = z.max(axis=-1, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=-1)) + m[..., 0]
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "06.logsumexp.check", "locked": true, "points": 2, "solution": false, "task": false}
check("06.logsumexp", logsumexp)

# %%
with np.errstate(over="ignore"):
    print("as it is written:", np.log(np.exp(np.array([1000.0, 999.0])).sum()))
wide = np.array([11000.0, 10999.0, -5.0])
verify(
    "ln Σ e^z for logits of 11000",
    got=logsumexp(wide),
    want=11000 + math.log(1 + math.exp(-1)),
    against="the largest taken out by hand",
    tolerance=1e-15,
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `keepdims=True` keeps the axis, so that the maximum can be subtracted from each row.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Two steps: `np.log(np.exp(z - m).sum(axis=-1))`, then add `m` back.
#
# </details>
# <details><summary>Hint 3</summary>
#
# The sum lost an axis that `m` still has: add `m[..., 0]`.
#
# </details>

# %% [markdown]
# ## The Jacobian of softmax
#
# **Claim.** $\partial p_i / \partial z_j = p_i (\delta_{ij} - p_j)$.
#
# 1. Let $S = \sum_k e^{z_k}$, so $p_i = e^{z_i} / S$ and $\partial S / \partial z_j = e^{z_j}$.
# 2. Quotient rule: $\frac{\partial p_i}{\partial z_j} = \frac{\delta_{ij} e^{z_i} S - e^{z_i} e^{z_j}}{S^2}$.
# 3. Split: $\delta_{ij} \frac{e^{z_i}}{S} - \frac{e^{z_i}}{S} \frac{e^{z_j}}{S}$.
#
# $$\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j), \qquad J = \mathrm{diag}(p) - p\,p^\top$$
#
# In words: raising a logit raises its own probability and lowers all others, because they share one cake. $J$ is
# symmetric, and each of its rows sums to 0 (the cake stays a cake).
#
# ![The Jacobian of a softmax over eight classes as a heat map: positive on the diagonal, negative everywhere else, each row summing to zero](../figures/06-jacobian.png)

# %%
z8 = torch.tensor(rng.normal(size=8) * 0.6)
J = functional.jacobian(lambda v: F.softmax(v, dim=0), z8).numpy()
p8 = F.softmax(z8, dim=0).numpy()
verify(
    "J = diag(p) - p pᵀ",
    got=np.diag(p8) - np.outer(p8, p8),
    want=J,
    against="the engine, one row at a time",
    tolerance=1e-14,
)
verify(
    "each row of J sums to 0",
    got=J.sum(axis=1),
    want=np.zeros(8),
    against="zero",
    tolerance=1e-14,
)
figure = Figure(figsize=(5, 3.6), layout="constrained")
axes = figure.add_subplot()
image = axes.imshow(J, cmap="PuOr", vmin=-abs(J).max(), vmax=abs(J).max())
for i in range(8):
    for j in range(8):
        ink = "white" if abs(J[i, j]) > 0.6 * abs(J).max() else "black"
        axes.text(
            j, i, f"{100 * J[i, j]:.0f}", ha="center", va="center", fontsize=11, color=ink
        )
axes.set_title("100 times the Jacobian", fontsize=11)
axes.set(xlabel="logit j", ylabel="probability i")
figure.colorbar(image)
show_figure(
    figure,
    name="06-jacobian",
    alt="The Jacobian of a softmax over eight classes as a heat map: positive on the diagonal, "
    "negative everywhere else, each row summing to zero",
)

# %% [markdown]
# Nobody builds this matrix in earnest: $C^2$ numbers for each case. Going back, we need $J^\top g$ only.
#
# 1. $(J^\top g)_j = \sum_i g_i p_i (\delta_{ij} - p_j) = g_j p_j - p_j \sum_i g_i p_i$.
#
# $$\frac{\partial L}{\partial z} = p \odot \big(g - \langle g, p \rangle\big)$$
#
# ### Exercise 06.vjp: Back through the softmax


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "06.vjp", "locked": false, "solution": true, "task": false}
def softmax_vjp(p, g):
    """The gradient of the logits, from rows p (N, C) and their gradient g (N, C)"""
    ### BEGIN SOLUTION
    return p * (g - (g * p).sum(axis=-1, keepdims=True))
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "06.vjp.check", "locked": true, "points": 2, "solution": false, "task": false}
check("06.vjp", softmax_vjp)

# %%
rows = torch.tensor(rng.normal(size=(4, 3)), requires_grad=True)
g = torch.tensor(rng.normal(size=(4, 3)))
out = F.softmax(rows, dim=1)
(back,) = grad(out, rows, g)
verify(
    "∂L/∂z = p ⊙ (g - <g, p>)",
    got=softmax_vjp(out.detach().numpy(), g.numpy()),
    want=back,
    against="the engine",
    tolerance=1e-14,
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# $\langle g, p\rangle$ is one number for each row.
#
# </details>
# <details><summary>Hint 2</summary>
#
# `(g * p).sum(axis=-1, keepdims=True)` has shape $(N, 1)$ and is subtracted from every entry of its row.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `p * (g - that)`
#
# </details>

# %% [markdown]
# ## The most used gradient of all
#
# Softmax and logarithm together are simpler than either alone.
#
# 1. For one case: $L = \ln \sum_j e^{z_j} - z_t$.
# 2. $\frac{\partial}{\partial z_i} \ln \sum_j e^{z_j} = \frac{e^{z_i}}{\sum_j e^{z_j}} = p_i$: the gradient of logsumexp **is** softmax.
# 3. $\frac{\partial}{\partial z_i} z_t = \delta_{it} = y_i$.
# 4. Mean over $N$ cases:
#
# $$\frac{\partial L}{\partial z} = \frac{p - y}{N}$$
#
# What you said minus what was true. It is bounded: no case can shout louder than 1. It is zero only where you were right
# *and* sure. (With squares instead of logarithms a factor $p(1-p)$ would come in: hopelessly wrong and sure would teach
# nothing. See the picture.)
#
# ![Slope of the loss against the logit of the right class: for cross-entropy it stays near minus one when the model is badly wrong, for squares it vanishes there](../figures/06-slopes.png)
#
# ### Exercise 06.gradient: The most used gradient of all


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "06.gradient", "locked": false, "solution": true, "task": false}
def cross_entropy_gradient(z, labels):
    """The gradient of the mean cross-entropy with respect to the logits z (N, C)"""
    ### BEGIN SOLUTION
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    gradient = raised / raised.sum(axis=1, keepdims=True)
    gradient[np.arange(len(z)), labels] -= 1
    return gradient / len(z)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "06.gradient.check", "locked": true, "points": 3, "solution": false, "task": false}
check("06.gradient", cross_entropy_gradient)

# %%
scores = torch.tensor(z, requires_grad=True)
(engine,) = grad(F.cross_entropy(scores, torch.tensor(labels)), scores)
h, numeric = 1e-6, np.zeros_like(z)
for index in np.ndindex(*z.shape):
    step = np.zeros_like(z)
    step[index] = h
    ahead, behind = (
        np.mean(logsumexp(z + s) - (z + s)[np.arange(4), labels]) for s in (step, -step)
    )
    numeric[index] = (ahead - behind) / (2 * h)
mine = cross_entropy_gradient(z, labels)
verify(
    "∂L/∂z = (p - y)/N",
    got=mine,
    want=numeric,
    against="central differences",
    tolerance=1e-9,
)
verify("the engine agrees", got=engine, want=mine, against="your function", tolerance=1e-14)

logit = np.linspace(-8, 8, 200)
sure = 1 / (1 + np.exp(-logit))
figure = Figure(figsize=(6.2, 3), layout="constrained")
axes = figure.add_subplot()
axes.plot(logit, sure - 1, color=BLUE, label="cross-entropy: p - 1")
axes.plot(
    logit,
    2 * (sure - 1) * sure * (1 - sure),
    "--",
    color=ORANGE,
    label="squares: 2 (p - 1) p (1 - p)",
)
axes.set(
    xlabel="logit of the right class (left: wrong and sure)", ylabel="slope of the loss"
)
axes.legend(fontsize=10, loc="lower right")
show_figure(
    figure,
    name="06-slopes",
    alt="Slope of the loss against the logit of the right class: for cross-entropy it stays near "
    "minus one when the model is badly wrong, for squares it vanishes there",
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Start from the probabilities (stable ones: take the largest logit out).
#
# </details>
# <details><summary>Hint 2</summary>
#
# Subtract 1 at the label of each row: `gradient[np.arange(N), labels] -= 1`.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Divide by $N$: the loss is a mean.
#
# </details>

# %% [markdown]
# ## What the number means
#
# Let $q$ be how often things really happen and $p$ what the model says. The expected loss splits in two:
#
# $$-\sum_i q_i \ln p_i = \underbrace{-\sum_i q_i \ln q_i}_{H(q)} + \underbrace{\sum_i q_i \ln \frac{q_i}{p_i}}_{KL(q \| p) \;\ge\; 0}$$
#
# The **entropy** $H$ is the price of the world's own dice; nobody can get below it. The rest is the price of your errors, and
# is zero only for $p = q$. So a loss that stops falling may have arrived: in lesson 13 you will know $H$ exactly.

# %%
q, model_p = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(5))
entropy = -(q * np.log(q)).sum()
divergence = (q * np.log(q / model_p)).sum()
drawn = rng.choice(5, size=400_000, p=q)
verify(
    "cross-entropy = entropy + divergence",
    got=entropy + divergence,
    want=-(q * np.log(model_p)).sum(),
    against="its definition",
    tolerance=1e-14,
)
verify(
    "that is what 400,000 throws of the dice cost on average",
    got=entropy + divergence,
    want=-np.log(model_p[drawn]).mean(),
    against="simulation",
    tolerance=5 * np.log(model_p[drawn]).std() / np.sqrt(400_000),
    because="five standard errors of the mean",
)
assert divergence >= 0

# %% [markdown]
# ### Exercise 06.smoothing: Never be quite sure
#
# To reach loss 0, logits would have to grow forever. **Label smoothing** asks for less: the target is
# $(1-\varepsilon)\,y + \varepsilon / C$, with its minimum at finite logits.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "06.smoothing", "locked": false, "solution": true, "task": false}
def smoothed_targets(labels, classes, epsilon):
    """Rows of probabilities (N, classes) for integer labels (N)"""
    ### BEGIN SOLUTION
    return (1 - epsilon) * np.eye(classes)[labels] + epsilon / classes
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "06.smoothing.check", "locked": true, "points": 1, "solution": false, "task": false}
check("06.smoothing", smoothed_targets)

# %%
soft = smoothed_targets(labels, 3, 0.2)
verify(
    "smoothing is cross-entropy with softer targets",
    got=-(soft * np.log(p)).sum(axis=1).mean(),
    want=F.cross_entropy(torch.tensor(z), torch.tensor(labels), label_smoothing=0.2),
    against="the package's label_smoothing=0.2",
    tolerance=1e-14,
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.eye(C)[labels]` gives a row with a single 1 for each label.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Scale it by $1-\varepsilon$, then add the same small number everywhere.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `(1 - epsilon) * np.eye(classes)[labels] + epsilon / classes`
#
# </details>

# %% [markdown]
# ## Two classes, one logit
#
# With two classes only the difference of the logits matters: $z = z_1 - z_0$, $p = \sigma(z) = 1/(1+e^{-z})$. The loss of a case
# with $y \in \{0, 1\}$ is $-y \ln \sigma(z) - (1-y) \ln(1 - \sigma(z))$. Both logarithms can hit zero. Derive a form that can't:
#
# 1. $-\ln \sigma(z) = \ln(1 + e^{-z})$ and $-\ln(1 - \sigma(z)) = \ln(1 + e^{z}) = z + \ln(1 + e^{-z})$.
# 2. Together: $(1 - y) z + \ln(1 + e^{-z})$. For negative $z$ the exponential overflows, so use $\ln(1 + e^{-z}) = \max(-z, 0) + \ln(1 + e^{-|z|})$:
#
# $$\ell(z, y) = \max(z, 0) - z y + \ln(1 + e^{-|z|})$$
#
# ### Exercise 06.nan: Why is my loss nan?
#
# Somebody's training gives `nan` after 300 steps. Their loss is
# `np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))` with `p = 1 / (1 + np.exp(-z))`. Somebody else advises to clip `p` to
# $[10^{-12}, 1 - 10^{-12}]$. Write it so that neither happens.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "06.nan", "locked": false, "solution": true, "task": false}
def binary_cross_entropy(z, y):
    """The mean loss for logits z (N) and truths y (N) of 0 and 1"""
    ### BEGIN SOLUTION
    return np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "06.nan.check", "locked": true, "points": 3, "solution": false, "task": false}
check("06.nan", binary_cross_entropy)

# %%
far, truth = np.array([800.0, -800.0, 0.3]), np.array([0.0, 1.0, 1.0])
verify(
    "ℓ = max(z, 0) - z y + ln(1 + e^-|z|)",
    got=binary_cross_entropy(far, truth),
    want=(800 + 800 + math.log(1 + math.exp(-0.3))) / 3,
    against="the limits for large |z|, by hand",
    tolerance=1e-14,
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# No probability appears in the last formula. That is the point.
#
# </details>
# <details><summary>Hint 2</summary>
#
# $\ln(1 + u)$ for small $u$ loses digits; `np.log1p(u)` does not.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))`
#
# </details>

# %% [markdown]
# ## Experiment: read digits
#
# The model of lesson 00 again, and now every line of it is yours: `nn.Linear` (lesson 03), cross-entropy and its gradient
# (today), descent (lesson 05). The sanity ladder first. Then change one thing, and predict: with label smoothing, will
# the accuracy change? Will the *confidence*?
#
# ![The calibration curve runs above the diagonal: where the model says 75 percent, 90 percent are right, so it is right more often than it claims](../figures/06-calibration.png)

# %%
from sklearn.datasets import load_digits

digits = load_digits()
order = rng.permutation(len(digits.data))
x = torch.tensor(digits.data[order] / 16.0, dtype=torch.float32)
t = torch.tensor(digits.target[order])


def train(smoothing=0.0, steps=200, cases=slice(0, 1000)):
    """A linear classifier after some steps of descent."""
    torch.manual_seed(SEED)
    model = nn.Linear(64, 10)
    with torch.no_grad():
        model.weight.zero_(), model.bias.zero_()
    optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[cases]), t[cases], label_smoothing=smoothing)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


model, losses = train(steps=1)
verify(
    "step 1: the loss at the start is ln 10",
    got=losses[0],
    want=math.log(10),
    against="ln",
    tolerance=1e-6,
)
model = nn.Linear(64, 10).double()
print(
    "step 2: gradcheck says",
    gradcheck(
        lambda x: F.cross_entropy(model(x), t[:3]), (x[:3].double().requires_grad_(),)
    ),
)
model, losses = train(steps=400, cases=slice(0, 16))
print(f"step 3: sixteen cases learned by heart, loss {losses[-1]:.4f}")
assert losses[-1] < 0.05
for smoothing in (0.0, 0.1):
    model, losses = train(smoothing)
    told = F.softmax(model(x[1000:]), dim=1).detach()
    accuracy = (told.argmax(1) == t[1000:]).float().mean().item()
    sure = told.amax(1).mean().item()
    print(
        f"step 4: smoothing {smoothing}: {accuracy:.1%} right, mean confidence {sure:.1%}"
    )
    if not smoothing:
        confident, correct = told.amax(1).numpy(), (told.argmax(1) == t[1000:]).numpy()

# %%
edges = np.linspace(0.3, 1.0, 8)
figure = Figure(figsize=(5, 3.2), layout="constrained")
axes = figure.add_subplot()
middles, shares = [], []
for low in edges[:-1]:
    high = low + 0.1
    inside = (confident > low) & (confident <= high)
    if inside.sum() >= 5:
        middles.append(confident[inside].mean())
        shares.append(correct[inside].mean())
axes.plot([0.3, 1], [0.3, 1], ":", color=GRAY, label="perfectly calibrated")
axes.plot(middles, shares, "o-", color=BLUE, label="our model")
axes.set(xlabel="confidence", ylabel="share that is right", ylim=(0, 1.05))
axes.legend(fontsize=10, loc="lower right")
show_figure(
    figure,
    name="06-calibration",
    alt="The calibration curve runs above the diagonal: where the model says 75 percent, 90 percent are right, so it is right more often than it claims",
)

# %% [markdown]
# ## What it costs
#
# For $N$ cases and $C$ classes, cross-entropy takes one exponential for each logit: $N C$ of them, and a few passes over $N C$
# numbers. The layer before it takes $2 N D C$ operations. So the loss is cheap, unless $C$ is as large as a vocabulary.

# %%
share = predict("share of time in the loss, for N = 256, D = 512, C = 10, in %", guess=None)

# %%
features, weights = torch.randn(256, 512), torch.randn(10, 512)
targets = torch.randint(0, 10, (256,))


def best_time(call):
    """Seconds, the least of 20 runs."""
    runs = []
    for _ in range(20):
        begun = time.perf_counter()
        call()
        runs.append(time.perf_counter() - begun)
    return min(runs)


layer = best_time(lambda: F.linear(features, weights))
both = best_time(lambda: F.cross_entropy(F.linear(features, weights), targets))
print("                 predicted     measured")
print(f"operations      {2 * 256 * 512 * 10:10,}            -")
print(f"exponentials    {256 * 10:10,}            -")
flops = 2 * 256 * 512 * 10
print(
    f"layer           {1e6 * flops / 50e9:7.0f} µs {1e6 * layer:9.0f} µs   (at 50 Gflop/s)"
)
print(f"loss                     - {1e6 * (both - layer):9.0f} µs")
share.reveal(round(100 * (both - layer) / both), within=0.5)

# %% [markdown]
# Surprised? In small models the passes and Python's own time outweigh the arithmetic. Here is what the package runs:
# the definition, to be read.

# %%
show.source("log_softmax")

# %% [markdown]
# ## Common mistakes
#
# | what you see | what it is | what helps |
# |---|---|---|
# | the first loss is not near $\ln C$ | logits of the wrong size, or labels off by one | look at the logits before training |
# | loss is `nan` | a logarithm of 0, or $\infty - \infty$ | work on logits; take out the largest |
# | softmax, and then `CrossEntropyLoss` | the loss does its own softmax: yours is applied twice | hand it logits |
# | learns, but slowly, and never gets sure | the same mistake | the same cure |
# | gradients too large by the batch size | the mean's $1/N$ is missing | divide |
# | `IndexError: Target 10 is out of bounds` | labels start at 1 | subtract 1 |

# %% [markdown]
# ## Summary
#
# | | |
# |---|---|
# | probabilities | $p = e^{z} / \sum e^{z}$; only differences of logits matter |
# | loss | $L = \frac1N \sum (\ln \sum_j e^{z_j} - z_t)$, at the start $\ln C$ |
# | gradient | $(p - y) / N$ |
# | Jacobian of softmax | $\mathrm{diag}(p) - p p^\top$; backward $p \odot (g - \langle g, p\rangle)$ |
# | never overflow | $\ln \sum e^{z} = m + \ln \sum e^{z - m}$ |
# | two classes | $\max(z, 0) - z y + \ln(1 + e^{-\lvert z\rvert})$ |
# | what the number means | entropy of the world plus divergence of your model |

# %% [markdown]
# ## Further reading
#
# - C. Shannon, *A mathematical theory of communication*, 1948: where entropy comes from; still the best text on it.
# - C. Guo and others, *On calibration of modern neural networks*, 2017: large networks are sure too often.
# - C. Szegedy and others, *Rethinking the Inception architecture*, 2016, section 7: label smoothing.
# - In PyTorch: `nn.CrossEntropyLoss` takes logits, `nn.NLLLoss` takes log-probabilities, `nn.BCEWithLogitsLoss` is the last
#   formula.

# %% [markdown] tags=["instructor"]
# ## Instructor notes
#
# **Timing** (90 min): forecasts 5, softmax and triangle 12, loss and $\ln C$ 10, logsumexp 12, Jacobian and 06.vjp 18, gradient
# and 06.gradient 18, meaning 5, digits 10; 06.smoothing and 06.nan as homework.
#
# **Where learners get stuck.** $\delta_{ij}$: write the $3 \times 3$ Jacobian in full once. In 06.vjp the diagonal alone passes
# a glance: ask what the *other* probabilities do. "Why not squares?" deserves the picture of slopes.
#
# **Variants.** Focal loss (multiply by $(1-p_t)^\gamma$ and derive its gradient); temperature scaling to calibrate.
#
# **Open question for the end**: *A model has loss 0.1 and another 0.2, both 95 % right. Which would you deploy?* Mark scheme (3):
# the loss also counts how sure it was (1); the first gives better probabilities (1); it depends on whether anybody uses
# the probabilities (1).
