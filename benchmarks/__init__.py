"""How fast it is, measured through the doors of a real server; `make benchmarks` runs all and writes down the results.

Each module measures one thing and ends by itself: `python -m benchmarks.pages` prints JSON with the results and,
measured in the same run, the limit that the machine sets.
"""
