"""Haven: the always-on helper of a small community that maps and writes a shared world."""

import os

# Numpy reads this when it is first imported. What is computed here is small: several of its threads would wait for one
# another and for everything else. A search of 100,000 entries by meaning took 17 ms (p99) so, and 23 ms with two.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
