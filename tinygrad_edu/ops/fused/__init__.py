"""Kernels: whole operations there and back on bare NumPy arrays, each beside the definition that it stands for.

For: speed. The definitions are in the files of `ops` with the same names; nobody needs to read a kernel to know what an
operation computes, and a test holds the two equal. Each file says what its kernel saves, and what did not pay.
"""
