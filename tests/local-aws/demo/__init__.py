"""The whole way of one finding on the local AWS: `python -m demo`, run by `make demo`."""
