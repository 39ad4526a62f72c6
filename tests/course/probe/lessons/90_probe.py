# ---
# title: A probe
# id: "90"
# version: 1
# minutes: {read: 5, exercises: 6}
# level: 1 (of 5)
# prerequisites: {lessons: ["00"], mathematics: [sums]}
# needs: [matplotlib]
# seeds: [0]
# budget: 20
# goals:
#   - {can: "sum a gradient back over the batch", proved_by: "90.sums"}
#   - {can: "say what shape a gradient has", proved_by: "90.shape"}
# ---

# %% [markdown]
# ![A line that rises from 0 to 2 without a bend](../figures/90-line.png)

# %%
import numpy

from tinygrad_edu.course import check, predict, seed, show_figure, verify

SEED = seed(0)
rng = numpy.random.default_rng(SEED)

# %% [markdown]
# ## Warm-up

# %%
size = predict("the number of entries of a 3 x 5 matrix", guess=15)
size.reveal(3 * 5)

# %% [markdown]
# ## Notation
#
# | symbol | shape |
# |---|---|
# | $g$ | $(N, D)$ |

# %% [markdown]
# ## The gradient of a bias
#
# $$ \frac{\partial L}{\partial b_j} = \sum_i g_{ij} $$

# %%
g = rng.normal(size=(3, 5))
product = numpy.ones(3) @ g
verify("∂L/∂b = Σ g", got=g.sum(0), want=product, against="a product", tolerance=1e-12)

# %%
from matplotlib.figure import Figure

fig = Figure(figsize=(4, 3))
fig.subplots().plot([0, 1, 2])
show_figure(fig, name="90-line", alt="A line that rises from 0 to 2 without a bend")

# %% [markdown]
# ## Break it

# %%
print(g.sum(1).shape, "is not the shape of b")

# %% [markdown]
# ## Exercises
#
# ### Exercise 90.sums: Sum back over the batch
# Return $\sum_i g_{ij}$.


# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "90.sums", "locked": false, "solution": true, "task": false}
def column_sums(g):
    """g (N, D) -> (D,)"""
    ### BEGIN SOLUTION
    secret = g.sum(axis=0)
    return secret
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "90.sums.check", "locked": true, "points": 2, "solution": false, "task": false}
check("90.sums", column_sums)

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# What did broadcasting *copy*? $b_j$ meets every row.
#
# </details>
# <details><summary>Hint 2</summary>
#
# The gradient of a copy is a sum.
#
# </details>
# <details><summary>Hint 3</summary>
#
# `g.sum(axis=0)`
#
# </details>

# %%
print("used later:", column_sums(g).shape)

# %% [markdown]
# ### Exercise 90.shape: The shape of the gradient of a bias
# g has shape (3, 5).

# %% nbgrader={"schema_version": 3, "grade": false, "grade_id": "90.shape", "locked": false, "solution": true, "task": false}
### BEGIN SOLUTION
shape_of_db = (5,)
### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "grade_id": "90.shape.check", "locked": true, "points": 1, "solution": false, "task": false}
check("90.shape", shape_of_db)

# %% [markdown]
# <details><summary>Hint 1</summary>One</details>
# <details><summary>Hint 2</summary>Two</details>
# <details><summary>Hint 3</summary>Three</details>

# %% [markdown] nbgrader={"schema_version": 3, "grade": true, "grade_id": "90.why", "locked": false, "points": 3, "solution": true, "task": false}
# Why is it a sum? In one sentence:
#
# ### BEGIN MARK SCHEME
# 3 points for naming the copies that broadcasting makes.
# ### END MARK SCHEME
# ### BEGIN SOLUTION
# Because broadcasting copies b to every row.
# ### END SOLUTION

# %% [markdown]
# ## Experiment

# %% [markdown]
# ## What it costs

# %% [markdown]
# ## Common mistakes

# %% [markdown]
# ## Summary

# %% [markdown]
# ## Further reading
#
# See [the picture](../figures/90-line.png).

# %% [markdown] tags=["instructor"]
# ## Notes
#
# Five minutes. The secret of teaching it is a drawing.
