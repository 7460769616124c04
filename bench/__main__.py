"""Every measurement, one after the other: `make bench`. Each is a module of its own: `python -m bench.platform`."""

from bench import cold_start, compute_dna, isolation, pages, platform, slots

compute_dna.main()
platform.main()
slots.main()
cold_start.main()
isolation.main()
pages.main()
