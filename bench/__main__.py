"""Every measurement, one after the other: `make bench`. Each is a module of its own: `python -m bench.platform`."""

from bench import compute_dna, platform

compute_dna.main()
platform.main()
