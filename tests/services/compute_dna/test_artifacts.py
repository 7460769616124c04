"""Artifacts: GenBank that reads back, maps whose labels keep apart, FASTA."""

import io
import itertools
import re
import xml.etree.ElementTree as ElementTree

import pytest
from Bio import SeqIO
from Bio.Seq import Seq

from foundry.contract import Entry, ItemError
from services.compute_dna import fasta, genbank, svg_map
from services.compute_dna.compute import compute
from services.compute_dna.map_elements import Element, lanes, scale, spread
from services.compute_dna.schema import Options
from tests.services.compute_dna import molecules
from tests.services.compute_dna.molecules import item, lambda_phage, random_sequence

OPTIONS = Options()


def entries(*items):
    return [
        Entry(position=position, item=one, result=result, error=None)
        for position, (one, result) in enumerate(zip(items, compute(items, OPTIONS), strict=True), 1)
    ]


@pytest.fixture
def puc19():
    sequence, annotations = molecules.genbank("pUC19c.gb")
    return item(sequence, "circular", name="pUC19c", annotations=annotations)


def records(*items):
    return list(SeqIO.parse(io.StringIO("".join(genbank.render(entries(*items), OPTIONS))), "genbank"))


# GenBank


def test_records_read_back_in_order(puc19):
    plain = item(random_sequence(1, 1000), name="my design, version 2 (final)")
    nameless = item(random_sequence(2, 500), "circular")
    found = records(puc19, plain, nameless)
    assert [record.id for record in found] == ["L09137.2", "my_design_versio", "item_3"]
    assert [str(record.seq) for record in found] == [one.sequence for one in (puc19, plain, nameless)]
    assert [record.annotations["topology"] for record in found] == ["circular", "linear", "circular"]
    assert found[1].description == "my design, version 2 (final)"


def test_input_annotations_are_kept(puc19):
    (record,) = records(puc19)
    assert record.description == "Cloning vector pUC19c, complete sequence"
    assert record.annotations["references"][0].title.startswith("Improved M13 phage")
    assert {"source", "promoter"} <= {feature.type for feature in record.features}
    own = [feature for feature in record.features if "Foundry" not in str(feature.qualifiers.get("note"))]
    assert len(own) == 4


def test_what_was_found_becomes_features(puc19):
    (record,) = records(puc19)
    found = [feature for feature in record.features if "Foundry" in str(feature.qualifiers.get("note"))]
    coding = [feature for feature in found if feature.type == "CDS"]
    assert len(coding) == 4
    for feature in coding:
        protein = str(feature.extract(record.seq).translate(table=feature.qualifiers["transl_table"][0]))
        assert protein == feature.qualifiers["translation"][0] + "*"
    labels = {feature.qualifiers["label"][0] for feature in found if feature.type == "misc_feature"}
    assert {"EcoRI", "BamHI", "HindIII", "BsaI"} <= labels


def test_an_orf_across_the_origin_translates():
    sequence, _ = molecules.genbank("phiX174.gb")
    (record,) = records(item(sequence[1500:] + sequence[:1500], "circular"))
    crossing = [feature for feature in record.features if feature.type == "CDS" and len(feature.location.parts) > 1]
    assert crossing
    for feature in crossing:
        assert str(feature.extract(record.seq).translate()) == feature.qualifiers["translation"][0] + "*"
    (record,) = records(item(str(Seq(sequence[1500:] + sequence[:1500]).reverse_complement()), "circular"))
    for feature in (one for one in record.features if one.type == "CDS"):
        assert str(feature.extract(record.seq).translate()) == feature.qualifiers["translation"][0] + "*"


def test_repeats_and_hairpins_become_features():
    arm, copy = random_sequence(5, 15), random_sequence(6, 30)
    other = str(Seq(arm).reverse_complement())
    (record,) = records(item(f"{copy}{arm}ACCA{other}{'GTC' * 6}{copy}"))
    kinds = [(feature.type, *feature.qualifiers.get("rpt_type", [])) for feature in record.features]
    assert {("stem_loop",), ("repeat_region", "tandem"), ("repeat_region", "direct")} <= set(kinds)


def test_a_cds_that_the_record_has_is_not_added_again():
    sequence, annotations = molecules.genbank("phiX174.gb")
    (record,) = records(item(sequence, "circular", annotations=annotations))
    assert sum(str(feature.location) == "[1000:2284](+)" for feature in record.features if feature.type == "CDS") == 1


def test_a_failed_item_still_has_a_record():
    failed = Entry(position=1, item=item("ACGT"), result=None, error=ItemError(code="x", message="y"))
    assert "ORIGIN" in "".join(genbank.render([failed], OPTIONS))


def test_what_was_found_is_not_added_to_a_record_that_has_it(puc19):
    text = "".join(genbank.render(entries(puc19), OPTIONS))
    again = puc19.model_copy(update={"annotations": text.partition("ORIGIN")[0]})
    assert "".join(genbank.render(entries(again), OPTIONS)) == text


def test_records_are_rendered_one_at_a_time(puc19):
    endless = (entry for _ in itertools.count() for entry in entries(puc19))
    assert next(genbank.render(endless, OPTIONS)).startswith("LOCUS")


# Maps


def drawing(one):
    return ElementTree.fromstring("".join(svg_map.render(entries(one), OPTIONS)))


def texts(root):
    return ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_map_shows_features_orfs_and_unique_cutters(puc19):
    shown = texts(drawing(puc19))
    assert {"EcoRI 397", "HindIII 448", "ORF 286 aa", "lac prom"} <= set(shown)
    assert shown[0] == "pUC19c, 2,686 bp, circular"


@pytest.mark.parametrize("topology", ["linear", "circular"])
def test_a_map_says_what_its_colours_are_and_how_much_it_leaves_out(topology):
    molecule = item(lambda_phage()[:20_000], topology)
    (entry,) = entries(molecule)
    total = entry.result["orfs"]["total"]
    shown = texts(drawing(molecule))
    assert total > 20
    orfs, cutters = shown[-2:]
    assert orfs == f"20 of {total} ORFs shown"
    found = re.fullmatch(r"(\d+) of (\d+) unique cutters shown: sold by 5 suppliers or more, one a place", cutters)
    drawn = [one for one in drawing(molecule).iter("{http://www.w3.org/2000/svg}text") if one.get("class") == "cutter"]
    assert int(found[1]) == len(drawn)
    assert int(found[2]) == len(entry.result["restriction"]["unique"])
    assert "2,000" in shown


def test_leaders_of_a_circle_end_at_the_arrows_and_those_of_cutters_at_the_axis(puc19):
    root = drawing(puc19)
    axis = root.find("{http://www.w3.org/2000/svg}circle")
    centre, radius = complex(float(axis.get("cx")), float(axis.get("cy"))), float(axis.get("r"))
    leaders = [path.get("d") for path in root.iter("{http://www.w3.org/2000/svg}path") if path.get("class") == "leader"]
    ends = [complex(*map(float, re.findall(r"[\d.]+", leader)[:2])) for leader in leaders]
    names = [text.get("class") for text in root.iter("{http://www.w3.org/2000/svg}text")]
    at_axis = [abs(abs(end - centre) - radius) < 1 for end in ends]
    assert at_axis.count(True) == names.count("cutter")
    assert at_axis.count(False) == names.count("feature") > 0


def test_a_map_escapes_names():
    assert texts(drawing(item("ACGT" * 30, name="<b>&")))[0] == "<b>&, 120 bp, linear"


@pytest.mark.parametrize("length", [1, 7, 99, 1000])
@pytest.mark.parametrize("topology", ["linear", "circular"])
def test_maps_of_all_sizes_are_well_formed(length, topology):
    assert drawing(item(random_sequence(length, length), topology)).tag.endswith("svg")


def boxes(root):
    """Left, right, and base line of every label, at six and a half pixels a letter."""
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        if text.get("class") in ("cutter", "feature"):
            x, y, width = float(text.get("x")), float(text.get("y")), 6.5 * len("".join(text.itertext()))
            left = {"start": x, None: x, "end": x - width, "middle": x - width / 2}[text.get("text-anchor")]
            yield left, left + width, y


def test_labels_do_not_collide(puc19):
    sequence = lambda_phage()
    for one in (puc19, item(puc19.sequence[:900]), item(sequence), item(sequence[:9000], "circular")):
        for (left, right, y), (other_left, other_right, other_y) in itertools.combinations(boxes(drawing(one)), 2):
            assert abs(y - other_y) > 11 or right <= other_left or other_right <= left


def test_labels_stay_on_the_drawing(puc19):
    sequence, annotations = molecules.genbank("phiX174.gb")
    for one in (puc19, *(item(sequence, topology, annotations=annotations) for topology in ("linear", "circular"))):
        root = drawing(one)
        width, height = float(root.get("width")), float(root.get("height"))
        assert all(left > 0 and right < width and 0 < y < height for left, right, y in boxes(root))


def test_spread_keeps_order_gap_and_bounds():
    places = spread([50, 51, 52, 200, 300, 301, 302], 45, 310, 15)
    assert all(later - earlier >= 15 - 1e-9 for earlier, later in itertools.pairwise(places))
    assert min(places) >= 45
    assert max(places) <= 310


@pytest.mark.parametrize(
    ("length", "bases"),
    [(1, [1]), (3, [1, 2, 3]), (2686, [1, *range(200, 2687, 200)]), (48_502, [1, *range(4000, 48_502, 4000)])],
)
def test_the_scale_has_round_numbers(length, bases):
    assert scale(length) == bases


def test_stretches_that_overlap_across_the_origin_have_lanes_of_their_own():
    one, two, three = (Element(str(at), *ends, 1, "CDS") for at, ends in enumerate([(80, 120), (5, 30), (40, 60)]))
    placed = lanes([one, two, three], 100)
    assert placed[one] != placed[two]
    assert placed[one] == placed[three]


# FASTA


def test_reverse_complements():
    text = "".join(fasta.render(entries(item("ACGTTN", name="x"), item("AACC" * 40, "circular")), OPTIONS))
    first, second = SeqIO.parse(io.StringIO(text), "fasta")
    assert (str(first.seq), first.description) == ("NAACGT", "x reverse complement [topology=linear]")
    assert (str(second.seq), second.description) == ("GGTT" * 40, "item 2 reverse complement [topology=circular]")
    assert max(map(len, re.split("\n", text))) <= 70
