"""The same workloads in the words of other libraries over NumPy, which do not have PyTorch's: MyGrad and autograd.

Written here as somebody would who knows the library and wants speed, from the same weights, with the same data and the
same losses (a test compares). Read `common`, then `mygrad` or `autograd`. A workload that is not there is left out of
the table. For: `tinygrad-edu bench cnn32 lstm gpt --against mygrad,autograd`. Not for: anything else here to import.
"""

PEERS = ("mygrad", "autograd")
"""Libraries that have a file here, as they are called when they are imported."""
