"""What grading consists of, piece by piece; `tinygrad_edu.course.grade` puts them together.

Read in this order: `plan` (what of a submission runs, and in which order), `worker` (the process that runs it) under
`limits`, `process` (the watch over it), `feedback` (what comes out: CSV, JSON, a page for each student).
"""
