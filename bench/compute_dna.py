"""How much faster `compute-dna` is than the plain route, sequence by sequence with Biopython.

    python -m bench.compute_dna

Both routes see the same fresh random sequences and compute the same figures. Times on a shared machine come and go, so
what counts are ratios taken in one run: the routes take turns, and each ratio is the median of several.
"""

from __future__ import annotations

import itertools
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from Bio.Restriction import CommOnly
from Bio.Seq import Seq, reverse_complement
from Bio.SeqUtils import CheckSum, GC_skew, MeltingTemp, gc_fraction, molecular_weight

from foundry.contract import Topology
from services.compute_dna.compute import compute
from services.compute_dna.schema import Item, Options

SEED = 20_260
ROUNDS = 5
#: The plain route takes about 25 ms a kilobase, so it runs on a sample of the batch.
SAMPLE = 40
LENGTHS = (1_000, 10_000, 100_000, 1_000_000, 5_000_000)


def main() -> None:
    chooser = random.Random(SEED)
    compute([random_item(chooser, 1000)], Options())
    plain(random_item(chooser, 1000))
    rows = [
        ("1,000 x 1 kb: times faster than the plain route", *batch_ratio(chooser), 40.0, True),
        ("1 x 3 kb plasmid: times faster", *plasmid_ratio(chooser), 8.0, True),
        ("1,000 x 1 kb: peak memory of the process, MB", *peak_memory(), 300.0, False),
        ("lone molecules: time a base, 5 Mb over 10 kb", *linearity(chooser), 1.5, False),
    ]
    print(f"{'':<48}{'goal':>6} {'measured':>10}  ok   from")
    for title, measured, source, goal, at_least in rows:
        good = measured >= goal if at_least else measured <= goal
        sign = ">=" if at_least else "<="
        print(f"{title:<48}{sign}{goal:>4g} {measured:>10.1f}  {'yes' if good else 'NO ':<4} {source}")


def batch_ratio(chooser: random.Random) -> tuple[float, str]:
    ours, theirs = [], []
    for _ in range(ROUNDS):
        items = [random_item(chooser, 1000) for _ in range(1000)]
        ours.append(seconds(compute, items, Options()) / len(items))
        theirs.append(sum(seconds(plain, item) for item in items[:SAMPLE]) / SAMPLE)
    return compared(ours, theirs)


def plasmid_ratio(chooser: random.Random) -> tuple[float, str]:
    items = [random_item(chooser, 3000, "circular") for _ in range(3 * ROUNDS)]
    times = [(seconds(compute, [item], Options()), seconds(plain, item)) for item in items]
    return compared([ours for ours, _ in times], [theirs for _, theirs in times])


def compared(ours: list[float], theirs: list[float]) -> tuple[float, str]:
    ratio = statistics.median(their / our for our, their in zip(ours, theirs, strict=True))
    return ratio, f"{1e3 * statistics.median(theirs):.1f} ms / {1e3 * statistics.median(ours):.2f} ms"


def linearity(chooser: random.Random) -> tuple[float, str]:
    rates = {}
    for length in LENGTHS:
        item = random_item(chooser, length)
        rounds = 2 if length > 1_000_000 else ROUNDS
        rates[length] = min(seconds(compute, [item], Options()) for _ in range(rounds)) / length
    source = ", ".join(f"{length // 1000} kb {1e6 * rate:.2f}" for length, rate in rates.items())
    return rates[LENGTHS[-1]] / rates[LENGTHS[1]], f"ms/kb: {source}"


def peak_memory() -> tuple[float, str]:
    """In a process of its own, with all it imports; the plain route's imports count too."""
    run = subprocess.run([sys.executable, "-m", "bench.compute_dna", "memory"], check=True, capture_output=True)
    peak, size = json.loads(run.stdout)
    return peak, f"a result is {size:.0f} bytes of JSON on average"


def print_memory() -> None:
    chooser = random.Random(SEED)
    results = compute([random_item(chooser, 1000) for _ in range(1000)], Options())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([peak, statistics.mean(len(json.dumps(result, separators=(",", ":"))) for result in results)]))


def random_item(chooser: random.Random, length: int, topology: Topology | None = None) -> Item:
    sequence = "".join(chooser.choices("ACGT", k=length))
    return Item(sequence=sequence, topology=topology or chooser.choice(("linear", "circular")))


def seconds(call: Callable[..., Any], *arguments: Any) -> float:
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


# The plain route


def plain(item: Item) -> dict[str, Any]:
    """The same figures with the obvious tools: Bio.Restriction, Bio.SeqUtils, and loops.

    It gets off lightly: Biopython's own checksum takes no notice of rotations, and only one strand of hairpin arms and
    one turn of repeats is looked at.
    """
    text, circular = item.sequence, item.topology == "circular"
    cuts = CommOnly.search(Seq(text), linear=not circular)
    return {
        "gc_content": gc_fraction(text),
        "gc_skew": GC_skew(text, len(text)),
        "gc_windows": plain_windows(text, 50),
        "single": molecular_weight(text, circular=circular),
        "double": molecular_weight(text, double_stranded=True, circular=circular),
        "tm": MeltingTemp.Tm_NN(text) if len(text) <= 60 else None,
        "checksum": CheckSum.seguid(text),
        "orfs": sorted(plain_orfs(Seq(text), circular), key=len, reverse=True),
        "restriction": {str(enzyme): positions for enzyme, positions in cuts.items() if positions},
        "homopolymers": plain_homopolymers(text, 6),
        "repeats": plain_repeats(text, 20),
        "hairpins": plain_hairpins(text, 10, 50),
    }


def plain_windows(text: str, window: int) -> tuple[int, int]:
    count = text[:window].count("G") + text[:window].count("C")
    counts = [count]
    for leaving, entering in zip(text, text[window:], strict=False):
        count += (entering in "GC") - (leaving in "GC")
        counts.append(count)
    return min(counts), max(counts)


def plain_orfs(sequence: Any, circular: bool) -> Iterator[str]:
    for strand in (sequence, sequence.reverse_complement()):
        text = strand + strand if circular else strand
        for frame in range(3):
            protein = str(text[frame : frame + (len(text) - frame) // 3 * 3].translate())
            for part in protein.split("*")[:-1]:
                start = part.find("M")
                if start >= 0 and len(part) - start >= 75:
                    yield part[start:]


def plain_homopolymers(text: str, minimum: int) -> list[tuple[str, int]]:
    runs = ((base, sum(1 for _ in group)) for base, group in itertools.groupby(text))
    return [run for run in runs if run[1] >= minimum]


def plain_repeats(text: str, k: int) -> list[str]:
    words = Counter(text[at : at + k] for at in range(len(text) - k + 1))
    return [word for word, count in words.items() if count > 1 or reverse_complement(word) in words]


def plain_hairpins(text: str, stem: int, loop: int) -> list[tuple[int, int]]:
    found = []
    for at in range(len(text) - 2 * stem - 2):
        other = text.find(reverse_complement(text[at : at + stem]), at + stem + 3, at + 2 * stem + loop)
        if other >= 0:
            found.append((at, other))
    return found


if __name__ == "__main__":
    print_memory() if sys.argv[1:] == ["memory"] else main()
