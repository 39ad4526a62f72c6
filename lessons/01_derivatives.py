# ---
# title: Derivatives you can measure
# id: "01"
# version: 1
# minutes: {read: 25, exercises: 50}
# level: 1 of 5
# prerequisites: {lessons: ["00"], mathematics: ["derivative of a function of one variable", "Taylor's theorem"]}
# needs: [numpy, matplotlib]
# seeds: [0]
# budget: 15
# next: "02"
# goals:
#   - {can: "say how wrong a difference quotient is before running it", proved_by: "01.terms"}
#   - {can: "measure the gradient of any function", proved_by: "01.central"}
#   - {can: "choose the step", proved_by: "01.step"}
#   - {can: "measure a second derivative", proved_by: "01.second"}
#   - {can: "recognize a check that lies", proved_by: "01.liar"}
# ---

# %%
import time

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure

from tinygrad_edu.course import check, predict, seed, show_figure, verify

SEED = seed(0)
rng = np.random.default_rng(SEED)
# colors that color-blind readers can tell apart, too
BLUE, ORANGE, GREEN, GRAY = "#0072B2", "#D55E00", "#009E73", "#666666"


def f(x):
    """The function of this lesson: smooth, and nothing special."""
    return np.exp(np.sin(3 * x))


def slope(x):
    """Its derivative, by the chain rule."""
    return 3 * np.cos(3 * x) * np.exp(np.sin(3 * x))


# %% [markdown]
# ## How do you know that a derivative is right?
#
# In this course you will derive a few hundred derivatives, and some of your derivations will be wrong. Everybody's are.
# The good news: a derivative is one of the few things in mathematics that you can **measure**, like a temperature.
# Step a little to the side, see how much the function changed, divide.
#
# A little? Let us take that seriously. The definition says $h \to 0$, so the smaller the step the better. Or is it?

# %%
x0 = 0.5
surprise = predict("which step measures f'(0.5) best: 1e-2, 1e-8 or 1e-15", guess=None)

# %%
for h in (1e-2, 1e-8, 1e-15):
    quotient = (f(x0 + h) - f(x0)) / h
    wrong = abs(quotient - slope(x0))
    print(f"h = {h:.0e}   measured {quotient:.12f}   off by {wrong:.1e}")
surprise.reveal("1e-8")

# %% [markdown]
# With $h = 10^{-15}$ the very first digit is wrong. The limit exists on paper, not in the machine. This picture is the
# whole lesson: each method falls along a line that mathematics gives, hits a floor that the machine gives, and then
# gets worse again. At the end you will be able to say where each line runs *before* drawing it.
#
# ![Error against step size is a V: it falls as h or as h squared until rounding makes it rise as one over h, and the complex step alone keeps falling to zero](../figures/01-error-curve.png)


# %%
def forward(f, x, h):
    """One step to the right."""
    return (f(x + h) - f(x)) / h


def central(f, x, h):
    """One step to each side."""
    return (f(x + h) - f(x - h)) / (2 * h)


def complex_step(f, x, h):
    """One step in a direction that real numbers don't have."""
    return f(x + 1j * h).imag / h


def errors(method, steps, dtype=np.float64):
    """The relative error of a method for each step, everything computed in `dtype`."""
    kind = np.complex64 if dtype == np.float32 else np.complex128
    x = dtype(x0)
    with np.errstate(all="ignore"):
        if method is complex_step:
            measured = [f(kind(complex(x, h))).imag / dtype(h) for h in steps]
        else:
            measured = [method(f, x, dtype(h)) for h in steps]
    found = np.abs(np.asarray(measured, dtype=np.float64) - slope(x0)) / abs(slope(x0))
    return np.maximum(found, 1e-17)  # zero has no place on a logarithmic axis


steps = np.logspace(-16, -0.5, 120)
single = np.logspace(-8, -0.5, 60)
figure = Figure(figsize=(7, 4.6), layout="constrained")
axes = figure.add_subplot()
lines = [
    ("forward, float64", forward, steps, np.float64, {"color": ORANGE}),
    ("central, float64", central, steps, np.float64, {"color": BLUE}),
    (
        "complex step, float64",
        complex_step,
        steps,
        np.float64,
        {"color": GREEN, "ls": "-."},
    ),
    (
        "forward, float32",
        forward,
        single,
        np.float32,
        {"color": ORANGE, "ls": ":", "marker": "."},
    ),
    (
        "central, float32",
        central,
        single,
        np.float32,
        {"color": BLUE, "ls": ":", "marker": "."},
    ),
]
for label, method, where, dtype, style in lines:
    axes.loglog(where, errors(method, where, dtype), label=label, **style)
axes.set_xlabel("step h", fontsize=11)
axes.set_ylabel("relative error of the derivative", fontsize=11)
axes.set_ylim(1e-17, 1e2)
axes.grid(alpha=0.3)
figure.legend(fontsize=10, ncols=3, loc="outside upper center")
show_figure(
    figure,
    name="01-error-curve",
    alt="Error against step size is a V: it falls as h or as h squared until rounding "
    "makes it rise as one over h, and the complex step alone keeps falling to zero",
)

# %% [markdown]
# ## Warm-up
#
# Three questions from what you bring along. Put your guesses in before running the next cell; a wrong one costs nothing.

# %%
first = predict("the derivative of sin(3x) at x = 0", guess=None)
second = predict("how many decimal digits does a float64 hold", guess=None)
third = predict("is 0.1 + 0.2 == 0.3 in float64 (yes or no)", guess=None)

# %%
first.reveal(3.0)
second.reveal(15, within=0.1)
third.reveal("no")

# %% [markdown]
# ## Notation
#
# | symbol | meaning | shape | in code |
# |---|---|---|---|
# | $x$ | where we look | a number, later any shape | `x` |
# | $f(x)$ | the function | a number | `f(x)` |
# | $h$ | the step | a number | `h` |
# | $f', f'', f'''$ | first, second, third derivative | a number | `slope(x)` |
# | $\varepsilon$ | rounding: $2^{-52} \approx 2\cdot10^{-16}$ in float64, $2^{-23} \approx 10^{-7}$ in float32 | a number | `np.finfo(dtype).eps` |
# | $\partial f/\partial x$ | the gradient: **it has the shape of its variable** | that of $x$ | `gradient` |
#
# The bold words hold for the whole course. Write them on the wall.

# %% [markdown]
# ## One step to the right
#
# **Claim.** A forward difference is wrong by about $\tfrac h2 f''(x)$.
#
# 1. Taylor's theorem around $x$: $\;f(x+h) = f(x) + h f'(x) + \frac{h^2}{2!} f''(x) + O(h^3)$.
# 2. Take $f(x)$ away: $\;f(x+h) - f(x) = h f'(x) + \frac{h^2}{2} f''(x) + O(h^3)$.
# 3. Divide by $h$:
#
# $$\frac{f(x+h) - f(x)}{h} = f'(x) + \frac{h}{2} f''(x) + O(h^2)$$
#
# In words: the secant is not the tangent, and what is between them is the bend of the curve, times half the step.
#
# ![The secant turns into the tangent as the step shrinks, and its slope approaches the derivative](../figures/01-secant.gif)

# %%
curvature = (9 * np.cos(3 * x0) ** 2 - 9 * np.sin(3 * x0)) * f(x0)  # f'' by hand
h = 1e-5
verify(
    "(f(x+h) - f(x)) / h  =  f' + (h/2) f''",
    got=(forward(f, x0, h) - slope(x0)) / h,
    want=curvature / 2,
    against="f'' derived by hand, divided by 2",
    tolerance=1e-3,
    because="the next term is h f'''/6, and rounding adds ε/h² ≈ 2e-6",
)

# %%
grid = np.linspace(0.1, 1.25, 200)
film = Figure(figsize=(6, 3.6), layout="constrained")
stage = film.add_subplot()
stage.plot(grid, f(grid), color=GRAY)
stage.plot(
    grid, f(x0) + slope(x0) * (grid - x0), color=GREEN, linestyle="--", label="tangent"
)
(secant,) = stage.plot([], [], color=ORANGE, marker="o", label="secant")
stage.set(ylim=(0.5, 3.4), xlabel="x", ylabel="f(x)")
stage.legend(loc="lower left", fontsize=11)


def frame(i):
    """Frame i: a smaller step."""
    h = 0.6 * 0.75**i
    y = forward(f, x0, h)
    secant.set_data([x0, x0 + h], [f(x0), f(x0 + h)])
    stage.set_title(f"h = {h:.3f}   slope {y:+.4f}   true {slope(x0):+.4f}", fontsize=11)
    return (secant,)


show_figure(
    FuncAnimation(film, frame, frames=18, interval=220),
    name="01-secant",
    alt="The secant turns into the tangent as the step shrinks, "
    "and its slope approaches the derivative",
)

# %% [markdown]
# ## One step to each side
#
# **Claim.** Stepping to both sides cancels the bend.
#
# 1. To the right: $f(x+h) = f + h f' + \frac{h^2}{2} f'' + \frac{h^3}{6} f''' + O(h^4)$.
# 2. To the left, odd powers change sign: $f(x-h) = f - h f' + \frac{h^2}{2} f'' - \frac{h^3}{6} f''' + O(h^4)$.
# 3. Subtract. Even powers vanish: $f(x+h) - f(x-h) = 2 h f' + \frac{h^3}{3} f''' + O(h^5)$.
# 4. Divide by $2h$:
#
# $$\frac{f(x+h) - f(x-h)}{2h} = f'(x) + \frac{h^2}{6} f'''(x) + O(h^4)$$
#
# One more evaluation, and halving the step makes the error four times smaller instead of two times.


# %%
def bend(x):
    """f'', derived by hand."""
    return (9 * np.cos(3 * x) ** 2 - 9 * np.sin(3 * x)) * f(x)


third_derivative = complex_step(bend, x0, 1e-30)
h = 1e-3
verify(
    "(f(x+h) - f(x-h)) / 2h  =  f' + (h²/6) f'''",
    got=(central(f, x0, h) - slope(x0)) / h**2,
    want=third_derivative / 6,
    against="f''' from f'' by the complex step",
    tolerance=1e-3,
    because="the next term is h² f⁽⁵⁾/120",
)
for method, order in ((forward, 1), (central, 2)):
    big, small = (abs(method(f, x0, h) - slope(x0)) for h in (2e-3, 1e-3))
    verify(
        f"the error of {method.__name__} falls as h to the power {order}",
        got=np.log2(big / small),
        want=float(order),
        against="halving h once",
        tolerance=0.01,
        because="the next power of h still shows a little",
    )

# %% [markdown]
# ### Exercise 01.terms: What is left over
#
# Complete the function: given $f, f', f'', f'''$ at a point and a step $h$, return the leading error of a forward and
# of a central difference, as a pair. No function is evaluated; read the two formulas above.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "01.terms", "locked": false, "solution": true, "task": false}
def terms(f, slope, curvature, third, h):
    """(error of the forward difference, error of the central one), the leading terms"""
    ### BEGIN SOLUTION
    return h / 2 * curvature, h**2 / 6 * third
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "01.terms.check", "locked": true, "points": 1, "solution": false, "task": false}
check("01.terms", terms)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# The leading error is the first term behind $f'(x)$.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Forward: step 3 of its derivation. Central: step 4.
#
# </details>
# <details><summary>Hint 3</summary>
#
# One line: `return h / 2 * …, h**2 / … * third`.
#
# </details>

# %% [markdown]
# ## Why smaller is not better
#
# **Claim.** Rounding adds an error of about $\varepsilon |f| / h$.
#
# 1. The machine stores $f(x+h)$ with a relative error up to $\varepsilon/2$: it is off by up to $\frac\varepsilon2 |f|$.
# 2. The same for $f(x-h)$, so the numerator is off by up to $\varepsilon |f|$, however small $h$ is.
# 3. Dividing by $2h$ enlarges that. Together with the truncation error from before:
#
# $$E(h) \approx \frac{h^2}{6} |f'''| + \frac{\varepsilon |f|}{2h}$$
#
# 4. The best step is where $E'(h) = 0$: $\;\frac h3 |f'''| = \frac{\varepsilon |f|}{2 h^2}$, so
#
# $$h^* = \left( \frac{3 \varepsilon |f|}{2 |f'''|} \right)^{1/3}$$
#
# In words: the best step is the **cube root** of rounding, about $6\cdot10^{-6}$, and the error there is about
# $\varepsilon^{2/3} \approx 4\cdot10^{-11}$. (Forward differences: square root, $10^{-8}$, and half of all digits lost.)

# %%
fine = np.logspace(-8, -2, 400)
worst = np.zeros_like(fine)
for point in x0 + rng.uniform(
    -0.05, 0.05, 40
):  # rounding is erratic: the worst of neighbors
    worst = np.maximum(worst, [abs(central(f, point, h) - slope(point)) for h in fine])
epsilon = np.finfo(np.float64).eps
best = fine[worst.argmin()]
formula = (3 * epsilon * abs(f(x0)) / (2 * abs(third_derivative))) ** (1 / 3)
verify(
    "h* = (3 ε |f| / 2 |f'''|)^(1/3), as a power of ten",
    got=np.log10(formula),
    want=np.log10(best),
    against="the least of the measured worst errors",
    tolerance=0.12,
    because="the V is flat at its bottom: half a power of ten more or less hardly matters",
)
predicted = formula**2 / 6 * abs(third_derivative) + epsilon * abs(f(x0)) / (2 * formula)
verify(
    "E(h*), as a power of ten",
    got=np.log10(predicted),
    want=np.log10(worst.min()),
    against="the measured worst error there",
    tolerance=0.1,
    because="the bound is for the worst rounding, which 40 points nearly meet",
)
print(f"best step: formula {formula:.1e}, measured {best:.1e}")

# %% [markdown]
# ### Exercise 01.step: The best step
#
# The bound of step 2 is pessimistic for one evaluation and optimistic for a long formula inside $f$. Take
# $\varepsilon |f| / h$ for the rounding instead (each of the two values off by a whole $\varepsilon$), and derive the
# best step of a central difference again.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "01.step", "locked": false, "solution": true, "task": false}
def best_step(f, third, epsilon):
    """The h that makes h²/6 · third + epsilon · f / h least"""
    ### BEGIN SOLUTION
    return (3 * epsilon * f / third) ** (1 / 3)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "01.step.check", "locked": true, "points": 2, "solution": false, "task": false}
check("01.step", best_step)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Write the sum of the two errors as a function of $h$ and differentiate it with respect to $h$.
#
# </details>
# <details><summary>Hint 2</summary>
#
# $\frac{h}{3} f''' - \frac{\varepsilon f}{h^2} = 0$. Multiply by $h^2$.
#
# </details>
# <details><summary>Hint 3</summary>
#
# $h^3 = 3 \varepsilon f / f'''$. In Python a cube root is `** (1 / 3)`.
#
# </details>

# %% [markdown]
# ## A step that real numbers don't have
#
# The enemy is the subtraction: two nearly equal numbers, and their first digits, the good ones, cancel. Can we measure
# a slope without subtracting? If $f$ is made of functions that know complex numbers, yes.
#
# 1. Step in the imaginary direction: $f(x + ih) = f(x) + i h f'(x) - \frac{h^2}{2} f''(x) - i \frac{h^3}{6} f'''(x) + O(h^4)$.
# 2. $f(x)$ and $f''(x)$ are real. Take the imaginary part: $\operatorname{Im} f(x+ih) = h f'(x) - \frac{h^3}{6} f'''(x) + O(h^5)$.
# 3. Divide by $h$. Nothing was subtracted, so $h$ may be as small as you like:
#
# $$f'(x) = \frac{\operatorname{Im} f(x + ih)}{h} + O(h^2)$$

# %%
verify(
    "Im f(x + ih) / h = f'(x), at h = 1e-30",
    got=complex_step(f, x0, 1e-30),
    want=slope(x0),
    against="the chain rule by hand",
    tolerance=1e-15,
    because="no subtraction, so no digit is lost",
)

# %% [markdown]
# Exact to the last digit. Why then does anyone use anything else? Because `abs`, `max`, a comparison or a table lookup
# inside $f$ does not know complex numbers (`max` of two complex numbers is not even defined). Central differences ask
# nothing of $f$ but its values.

# %% [markdown]
# ## Many variables, and many slopes
#
# Let $x$ have $n$ numbers, in whatever shape, and $f(x)$ be one number. Then there are $n$ slopes, one for each number
# of $x$, the others held still. Together they are the **gradient**, and it has the shape of $x$:
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h}, \qquad i = 1 \dots n$$
#
# where $e_i$ is 1 at place $i$ and 0 elsewhere. That is $2n$ evaluations. Keep this number in mind.
#
# ### Exercise 01.central: A gradient by central differences
#
# Write it, for `x` of any shape (0-d too). Do not change `x`: whoever called you still needs it.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "01.central", "locked": false, "solution": true, "task": false}
def central_gradient(f, x, h=1e-6):
    """An array in the shape of x: the slope of f along each of its entries"""
    ### BEGIN SOLUTION
    gradient = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "01.central.check", "locked": true, "points": 3, "solution": false, "task": false}
check("01.central", central_gradient)

# %%
matrix = rng.normal(size=(3, 5))
verify(
    "the gradient of Σ sin(x_i)² is sin(2 x_i), entry by entry",
    got=central_gradient(lambda x: float((np.sin(x) ** 2).sum()), matrix),
    want=np.sin(2 * matrix),
    against="the chain rule, d/dx sin² x = 2 sin x cos x = sin 2x",
    tolerance=1e-8,
    because="rounding of a sum near 8, divided by h = 1e-6, is about 2e-9",
)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# `np.ndindex(*x.shape)` runs through all places of an array of any shape.
#
# </details>
# <details><summary>Hint 2</summary>
#
# For each place make an array of zeros in the shape of `x` with `h` at that place: that is $h e_i$.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `gradient[index] = (f(x + step) - f(x - step)) / (2 * h)`, where `gradient = np.zeros(x.shape)`.
#
# </details>

# %% [markdown]
# ### Exercise 01.second: A second derivative from three values
#
# Add steps 1 and 2 of the central difference instead of subtracting them. Which derivative is left, and what must you
# divide by? Then choose $h$: rounding is divided by $h^2$ now, so the best step is larger than before.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "01.second", "locked": false, "solution": true, "task": false}
def second_difference(f, x):
    """f''(x) from three values of f, good to about 1e-6"""
    ### BEGIN SOLUTION
    h = 1e-4
    return (f(x + h) - 2 * f(x) + f(x - h)) / h**2
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "01.second.check", "locked": true, "points": 2, "solution": false, "task": false}
check("01.second", second_difference)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# $f(x+h) + f(x-h) = 2 f(x) + h^2 f''(x) + O(h^4)$.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Solve for $f''(x)$. Three values: right, middle (twice), left.
#
# </details>
# <details><summary>Hint 3</summary>
#
# Truncation $h^2$, rounding $\varepsilon/h^2$: they meet at $h = \varepsilon^{1/4} \approx 10^{-4}$.
#
# </details>

# %% [markdown]
# ## Break it
#
# Every tool fails somewhere; a good worker knows where. Two ways to fool a difference quotient:
#
# - **A kink.** $|x|$ has no slope at 0. Ask for it near 0 and the two steps stand on different sides.
# - **float32.** With $\varepsilon = 10^{-7}$ the V has its bottom at $h \approx 5\cdot10^{-3}$ and never gets below about
#   $10^{-5}$. With the $h$ that is right for float64 the answer is noise.

# %%
for x in (1e-3, 1e-7, 0.0):
    print(
        f"the slope of |x| at x = {x:.0e}, with h = 1e-6: {central(np.abs, x, 1e-6):+.2f}"
    )

floor = min(errors(central, np.logspace(-5, -0.5, 200), np.float32))
print(f"float32: the best central difference of all is off by {floor:.0e}")
noise = errors(central, [1e-7], np.float32)[0]
print(f"float32 with h = 1e-7: off by {100 * noise:.0f} %")
assert noise > 0.01

# %% [markdown]
# What it looks like in practice: a gradient check that fails with errors near 1 at *some* entries (a kink), or with
# errors of a few percent *everywhere* (float32). In both cases the derivative may be right and the check wrong.
#
# ### Exercise 01.liar: The lying check
#
# A colleague wrote this check; it calls right slopes wrong and wrong slopes right. There are four mistakes in it, each
# from this lesson. Find and repair them.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "01.liar", "locked": false, "solution": true, "task": false}
def honest_check(f, slope, x):
    """True if slope(x) is the derivative of f at every entry of x"""
    ### BEGIN SOLUTION
    x = np.asarray(x, dtype=np.float64)
    h = 1e-6 * np.maximum(1.0, np.abs(x))
    measured = (f(x + h) - f(x - h)) / (2 * h)
    allowed = 1e-6 * np.maximum(1.0, np.abs(measured))
    return bool(np.all(np.abs(measured - slope(x)) <= allowed))
    ### END SOLUTION
    # the colleague's version:
    #     x = np.asarray(x, dtype=np.float32)
    #     h = np.float32(1e-7)
    #     measured = (f(x + h) - f(x - h)) / (2 * h)
    #     return bool(np.any(np.abs(measured - slope(x)) <= 0.5 * np.abs(measured)))


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "01.liar.check", "locked": true, "points": 3, "solution": false, "task": false}
check("01.liar", honest_check)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# Read it word by word: the dtype, the step, the word `any`, the tolerance.
#
# </details>
# <details><summary>Hint 2</summary>
#
# A step for $x = 300$ must be larger than one for $x = 1$: neighboring float64 numbers near 300 are farther apart.
#
# </details>
# <details><summary>Hint 3</summary>
#
# float64; `h = 1e-6 * np.maximum(1, abs(x))`; `np.all`; a tolerance of 1e-6 relative to the larger of 1 and the slope.
#
# </details>

# %% [markdown]
# ## Experiment: go downhill by measuring
#
# If you can measure slopes, you can already learn: walk against the gradient. Here the valley is
# $f(x, y) = (x - 1)^2 + 4 (y + 2)^2$, its lowest point is known, and nothing is derived by hand.
#
# The sanity ladder that every training in this course climbs: **the start is what it should be; the gradient is right;
# a tiny case is solved; then the rest.** Change `rate` and predict first: at which rate does it explode?

# %%
rate = 0.2
explodes = predict("from which rate on do the steps grow instead of shrink", guess=None)


# %%
def valley(p):
    """A bowl, four times steeper in its second direction."""
    return float((p[0] - 1) ** 2 + 4 * (p[1] + 2) ** 2)


place, path = np.array([3.0, 1.0]), []
assert valley(place) == 40.0  # the start is what it should be: 2² + 4 · 3²
for _ in range(40):
    path.append(place)
    place = place - rate * central_gradient(valley, place)
print(f"after {len(path)} steps: {place.round(6)}, height {valley(place):.1e}")
explodes.reveal(0.25)
verify(
    "walking downhill ends at the lowest point",
    got=place,
    want=np.array([1.0, -2.0]),
    against="the square's own minimum",
    tolerance=1e-5,
    because="the slowest direction shrinks by 1 - 2·0.2 = 0.6 a step, and 0.6⁴⁰ ≈ 1e-9",
)

# %% [markdown]
# In the steep direction each step multiplies the distance by $1 - 8\,\text{rate}$. That is more than 1 in size from
# $\text{rate} = 1/4$ on. Lesson 08 makes a whole theory of this sentence.

# %% [markdown]
# ## What it costs
#
# A central gradient of $n$ numbers evaluates $f$ exactly $2n$ times. A network with a million weights would evaluate
# itself two million times **for one step**. The next lesson finds all slopes in one pass backward, at the price of about
# two evaluations. Predict the ratio for $n = 2000$ before you look:

# %%
ratio = predict("the evaluations for a measured gradient of 2000 numbers", guess=None)

# %%
many, calls = rng.normal(size=2000), 0


def counted(x):
    """Σ sin(x)² and a counter."""
    global calls
    calls += 1
    return float((np.sin(x) ** 2).sum())


start = time.perf_counter()
central_gradient(counted, many)
measured = time.perf_counter() - start
start = time.perf_counter()
for _ in range(200):
    counted(many)
once = (time.perf_counter() - start) / 200
print("            predicted   measured")
print(f"evaluations {2 * many.size:9}   {calls - 200:8}")
print(f"time       {2 * many.size * once:8.2f} s   {measured:6.2f} s")
ratio.reveal(2 * many.size, within=0.5)
verify(
    "a central gradient costs 2n evaluations",
    got=calls - 200,
    want=2 * many.size,
    against="a counter inside f",
    tolerance=0,
)

# %% [markdown]
# ## Common mistakes
#
# | what you see | what it is | what helps |
# |---|---|---|
# | errors of 1e-2 everywhere | float32 | check in float64 |
# | errors of 1e-5, digits right otherwise | a forward difference, or $h$ too large | central, $h = 10^{-6}$ |
# | errors that change wildly from run to run | $h$ too small | $h = 10^{-6} \max(1, \lvert x\rvert)$ |
# | one entry wrong by about 1, the rest perfect | a kink beside that entry | move the point away |
# | the gradient has another shape than $x$ | flattened, or a sum is missing | a gradient has the shape of its variable |

# %% [markdown]
# ## Summary
#
# | method | error | best $h$ (float64) | error there | evaluations for $n$ numbers |
# |---|---|---|---|---|
# | forward | $\frac h2 f''$ | $10^{-8}$ | $10^{-8}$ | $n + 1$ |
# | central | $\frac{h^2}{6} f'''$ | $6\cdot10^{-6}$ | $4\cdot10^{-11}$ | $2n$ |
# | complex step | $\frac{h^2}{6} f'''$ | anything below $10^{-8}$ | $0$ | $n$ |
# | second difference | $\frac{h^2}{12} f''''$ | $10^{-4}$ | $10^{-8}$ | $3$ for one number |
#
# In this course: **float64, central, $h = 10^{-6}$, relative to the larger of 1 and the slope.** That is what
# `tinygrad_edu.autograd.gradcheck` does, and lesson 04 builds it.

# %% [markdown]
# ## Further reading
#
# - W. Squire and G. Trapp, *Using complex variables to estimate derivatives of real functions*, SIAM Review 1998: two
#   pages that surprise everybody once.
# - N. Higham, *Accuracy and Stability of Numerical Algorithms*, chapter 1: why subtraction is where digits die.
# - A. Griewank and A. Walther, *Evaluating Derivatives*, chapter 3: what comes in the next lesson, in full.
# - In PyTorch: `torch.autograd.gradcheck`, with `eps=1e-6` and float64 inputs. Now you know why it insists.

# %% [markdown] tags=["instructor"]
# ## Instructor notes
#
# **Timing** (75 min): question and picture 10, forward and central 15, exercise 01.terms 5, rounding and 01.step 15,
# complex step 5, gradient and 01.central 12, break it and 01.liar 10, the rest as homework (01.second, experiment).
#
# **Where learners get stuck.** They believe the limit: let them choose $h = 10^{-15}$ and see the first digit wrong.
# In 01.central most forget that `x[index] += h` changes the caller's array; the check says so, let them read it aloud.
# In 01.step some take $\varepsilon^{1/2}$ from memory: ask which power of $h$ their error has.
#
# **Variants.** $f(x) = \ln x$ at $x = 100$ (how does the best $h$ scale with $x$?); five-point differences (error $h^4$);
# the complex step for a second derivative (subtraction comes back: why?).
#
# **Open question for the end**: *Why can the slope of a loss be checked in float64 while training runs in float32?*
# Mark scheme (2): the formula is the same in both (1); float32 only adds rounding, which a check must not confuse with
# a wrong formula (1).
