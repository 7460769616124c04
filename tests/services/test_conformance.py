"""What every service must be: run over all of FOUNDRY_SERVICES, so that a new one is tested before it has own tests."""

import ast
import importlib
import importlib.metadata
import itertools
import json
import os
import pathlib
import pkgutil
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pydantic
import pytest

from foundry import catalog
from foundry.contract import Entry, ItemError, Stage

#: The packages that hold services, but for the platform's own toys, which are what no service should be.
HOMES = [home for home in os.environ["FOUNDRY_SERVICES"].replace(",", " ").split() if home != "tests.toys"]
PACKAGES = {
    f"{home}.{module.name}": importlib.import_module(f"{home}.{module.name}")
    for home in HOMES
    for module in pkgutil.iter_modules(importlib.import_module(home).__path__)
    if module.ispkg
}
SERVICES = tuple(package.SERVICE for package in PACKAGES.values())
EXAMPLES = [
    pytest.param(service, example, id=f"{service.name}: {example.title}")
    for service in SERVICES
    for example in service.examples
]
ARTIFACTS = [
    pytest.param(service, artifact, id=f"{service.name}: {artifact.name}")
    for service in SERVICES
    for artifact in service.artifacts
]

each_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
each_example = pytest.mark.parametrize(("service", "example"), EXAMPLES)
each_artifact = pytest.mark.parametrize(("service", "artifact"), ARTIFACTS)

#: An item of at most this many bytes is small, and so must be its result.
SMALL_ITEM = 1500
SMALL_RESULT = 8192
#: A summary of fewer characters says too little to choose a service by.
SHORTEST_SUMMARY = 40
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def package(service):
    return next(name for name, package in PACKAGES.items() if package.SERVICE is service)


def folder(service):
    return pathlib.Path(PACKAGES[package(service)].__file__).parent


def readme(service):
    file = folder(service) / "README.md"
    assert file.is_file(), f"write {file}: what is computed, by which method, with which limits"
    return file.read_text()


def example_of(service, number=0):
    assert service.examples, "give the service an example"
    return service.examples[number]


def request(service, example):
    """An example's items and options as the platform hands them to `compute`."""
    items = [service.item.model_validate(item) for item in example.items]
    return items, service.options.model_validate(example.options)


def outcomes(service, items, options):
    """What the items come to, as JSON values; errors are told from results by a key that no result has."""
    computed = catalog.load(service.compute)(items, options)
    return [
        {"ItemError": outcome.code, "message": outcome.message}
        if isinstance(outcome, ItemError)
        else json.loads(json.dumps(outcome, allow_nan=False))
        for outcome in computed
    ]


def entries(service, number):
    """An example as an artifact sees it when it is finished."""
    items, options = request(service, example_of(service, number))
    computed = catalog.load(service.compute)(items, options)
    found = [
        Entry(position=position, item=item, result=None, error=outcome)
        if isinstance(outcome, ItemError)
        else Entry(position=position, item=item, result=json.loads(json.dumps(outcome)), error=None)
        for position, (item, outcome) in enumerate(zip(items, computed, strict=True), 1)
    ]
    return found, options


# The declaration


@each_service
def test_its_name_is_kebab_case_and_its_folder_the_same_in_snake_case(service):
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", service.name), (
        "write `name` in kebab-case, such as 'compute-dna'"
    )
    snake_case = service.name.replace("-", "_")
    assert package(service).rpartition(".")[2] == snake_case, f"rename the folder of {package(service)} to {snake_case}"
    assert catalog.get(service.name) is service, "give the service a `name` that no other has"


@each_service
def test_it_says_which_version_it_is_and_what_it_is_for(service):
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?", service.version), "write `version` as 1.0 or 1.0.2"
    assert service.title, "give the service a `title`"
    assert len(service.summary) >= SHORTEST_SUMMARY, (
        f"`summary` has {len(service.summary)} characters: say in {SHORTEST_SUMMARY} or more what the service is for"
    )
    assert isinstance(service.stage, Stage), "make `stage` a member of foundry.contract.Stage"
    for code in service.biofoundry_ids:
        assert re.fullmatch(r"(W[DBTL]|USW|UHW)\d{3}", code), (
            f"write {code!r} of `biofoundry_ids` as WD, WB, WT, WL, USW or UHW and three digits"
        )


@each_service
def test_its_limits_are_sane(service):
    limits, slicing = service.limits, service.slicing
    assert 1 <= limits.items <= 100_000, "set `limits.items` to 1 to 100,000"
    assert 128 <= limits.memory_mb <= 10_240, "set `limits.memory_mb` to 128 to 10,240, what a Lambda function can have"
    assert 1 <= limits.timeout_s <= 900, "set `limits.timeout_s` to 1 to 900: an invocation ends after 15 minutes"
    assert 1 <= limits.attempts <= 10, "set `limits.attempts` to 1 to 10"
    assert 1 <= limits.concurrency <= 1000, "set `limits.concurrency` to 1 to 1000"
    assert slicing.items >= 1, "set `slicing.items` to 1 or more"
    assert slicing.weight >= 1, "set `slicing.weight` to 1 or more"
    assert slicing.save_every is None or 1 <= slicing.save_every <= slicing.items, (
        f"set `slicing.save_every` to 1 to {slicing.items} (`slicing.items`), or leave it out"
    )


@each_service
def test_its_libraries_are_installed(service):
    for library in service.libraries:
        assert list(importlib.metadata.distributions(name=library)), (
            f"install {library} of `libraries`, and add it to requirements.in; or correct its name"
        )


@each_service
def test_its_readme_is_about_this_version(service):
    text = readme(service)
    assert re.search(rf"\b{re.escape(service.version)}\b", text), (
        f"write the version, {service.version}, into README.md"
    )
    assert service.name in text, f"write the name, {service.name}, into README.md"


@each_service
def test_its_readme_names_every_option(service):
    text = readme(service)
    missing = [f"`{name}`" for name in service.options.model_fields if f"`{name}`" not in text]
    assert not missing, f"write into the table of options in README.md: {', '.join(missing)}"


@each_service
def test_its_names_are_unique(service):
    for kind, names in {
        "artifact names": [artifact.name for artifact in service.artifacts],
        "column titles": [column.title for column in service.columns],
        "column paths": [column.path for column in service.columns],
        "example titles": [example.title for example in service.examples],
    }.items():
        assert len(set(names)) == len(names), f"make the {kind} differ: {', '.join(names)}"


# The schemas


def is_described(field, definitions):
    """Whether a field of a JSON schema says what it means, or the definition does that it refers to."""
    refers = [part["$ref"].rpartition("/")[2] for part in [field, *field.get("anyOf", [])] if "$ref" in part]
    return bool(field.get("description")) or any(definitions[name].get("description") for name in refers)


def undescribed(schema):
    """The fields of a JSON schema and its definitions that do not say what they mean."""
    definitions = schema.get("$defs", {})
    for owner, part in [("", schema), *definitions.items()]:
        for name, field in part.get("properties", {}).items():
            if not is_described(field, definitions):
                yield f"{owner}.{name}"


@each_service
@pytest.mark.parametrize("part", ["item", "options", "result"])
def test_every_field_says_what_it_means(service, part):
    mode = "serialization" if part == "result" else "validation"
    schema = pydantic.TypeAdapter(getattr(service, part)).json_schema(mode=mode)
    assert schema["properties"] or part == "options", f"give the {part} at least one field"
    missing = list(undescribed(schema))
    assert not missing, f"give these fields of the {part} a `description`: {', '.join(missing)}"


@each_service
@pytest.mark.parametrize("part", ["item", "options"])
def test_an_unknown_field_is_refused(service, part):
    given = {**example_of(service).items[0]} if part == "item" else {**example_of(service).options}
    with pytest.raises(pydantic.ValidationError, match="surely_unknown"):
        getattr(service, part).model_validate({**given, "surely_unknown": 1})


@each_service
def test_every_option_has_a_default(service):
    required = [name for name, field in service.options.model_fields.items() if field.is_required()]
    assert not required, f"give these options a default: {', '.join(required)}"
    service.options()


@each_service
def test_describing_fields_are_fields_of_the_item(service):
    strange = service.describing - service.item.model_fields.keys()
    assert not strange, f"take out of `describing` what is no field of the item: {', '.join(strange)}"


@each_example
def test_what_was_validated_survives_being_stored(service, example):
    items, options = request(service, example)
    for model in [*items, options]:
        stored = json.loads(model.model_dump_json())
        assert type(model).model_validate(stored) == model, (
            f"make {type(model).__name__} the same again when it is read from its own JSON"
        )


# The computation


@each_service
def test_it_has_examples_and_one_of_them_uses_the_defaults(service):
    assert service.examples, "give the service an example"
    assert all(example.items for example in service.examples), "give every example at least one item"
    assert any(not example.options for example in service.examples), "give the service an example without options"


@each_example
def test_each_item_comes_to_one_outcome_in_its_place(service, example):
    items, options = request(service, example)
    found = outcomes(service, items, options)
    assert len(found) == len(items), f"let `compute` return one outcome an item: {len(found)} came of {len(items)}"
    assert outcomes(service, items[::-1], options) == found[::-1], (
        "let `compute` return outcomes in the order of the items, and the same in any order"
    )


@each_example
def test_an_item_alone_comes_to_the_same_as_among_others(service, example):
    items, options = request(service, example)
    together = outcomes(service, items * 2, options)
    alone = [outcome for item in items for outcome in outcomes(service, [item], options)]
    assert together == alone * 2, "let an item's outcome not depend on the items computed with it"


@each_example
def test_a_second_computation_comes_to_the_same(service, example):
    again = outcomes(service, *request(service, example))
    assert again == outcomes(service, *request(service, example)), (
        "let `compute` come to the same each time: no clock, no chance without a seed, nothing kept between calls"
    )


@each_service
def test_no_items_come_to_no_outcomes(service):
    assert outcomes(service, [], service.options()) == [], "let `compute` return an empty list for no items"


@each_example
def test_the_name_of_an_item_does_not_change_what_it_comes_to(service, example):
    items, options = request(service, example)
    renamed = [item.model_copy(update={"name": f"another {number}"}) for number, item in enumerate(items)]
    assert "name" in service.describing, "put 'name' into `describing`, so that equal items are computed once"
    assert outcomes(service, renamed, options) == outcomes(service, items, options), (
        "leave the item's name out of its result; artifacts and tables get it from the item"
    )


@each_example
def test_the_examples_come_to_results_of_the_declared_type(service, example):
    adapter = pydantic.TypeAdapter(service.result)
    for outcome in outcomes(service, *request(service, example)):
        result = adapter.validate_json(json.dumps(outcome), strict=True)
        assert adapter.dump_python(result, mode="json") == outcome, (
            "let the result have the keys that its type declares, and no others"
        )


@each_example
def test_a_small_item_has_a_small_result(service, example):
    items, options = request(service, example)
    for item, outcome in zip(items, outcomes(service, items, options), strict=True):
        if len(item.model_dump_json()) <= SMALL_ITEM:
            size = len(json.dumps(outcome))
            assert size <= SMALL_RESULT, f"shorten the result: {size} bytes, of at most {SMALL_RESULT} for a small item"


@each_example
def test_its_items_have_a_weight(service, example):
    items, _ = request(service, example)
    for weight in map(service.slicing.weigh, items):
        assert isinstance(weight, int), f"let `slicing.weigh` return an int, not {weight!r}"
        assert weight >= 1, f"let `slicing.weigh` return 1 or more, not {weight}"


# The columns and artifacts


def resolve(value, path):
    """The value at a dotted path; a None on the way is an optional part that is not there."""
    for key in path.split("."):
        if value is None:
            return None
        keys = list(value) if isinstance(value, dict) else []
        assert key in keys, f"correct the column's path {path!r}: there is no {key!r}; the keys there are: {keys}"
        value = value[key]
    return value


@pytest.mark.parametrize("path", ["lenght", "gc.minimum", "length.bp"])
def test_a_path_that_leads_nowhere_is_named(path):
    with pytest.raises(AssertionError, match=rf"correct the column's path '{path}': there is no "):
        resolve({"length": 3, "gc": {"maximum": 1}}, path)


@each_example
def test_its_columns_are_in_its_results(service, example):
    found = outcomes(service, *request(service, example))
    results = [outcome for outcome in found if "ItemError" not in outcome]
    for column, result in itertools.product(service.columns, results):
        resolve(result, column.path)


@each_artifact
def test_an_artifact_has_a_file_name_a_title_and_a_media_type(service, artifact):
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+", artifact.name), (
        "make the artifact's `name` a file name in lower case with an ending, such as 'map.svg'"
    )
    assert artifact.title, "give the artifact a `title`"
    assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", artifact.media_type), "write `media_type` as in 'text/csv'"


@each_artifact
def test_an_artifact_is_made_of_every_example(service, artifact):
    render = catalog.load(artifact.render)
    for number in range(len(service.examples)):
        found, options = entries(service, number)
        for batch in [[entry] for entry in found] if artifact.per_item else [found]:
            pieces = list(render(iter(batch), options))
            assert all(isinstance(piece, str) for piece in pieces), f"let {artifact.render} yield text only"
            assert "".join(pieces).strip(), f"let {artifact.render} yield something for every example"
            assert "".join(render(batch, options)) == "".join(pieces), f"let {artifact.render} yield the same each time"


@pytest.mark.parametrize(("service", "artifact"), [param for param in ARTIFACTS if not param.values[1].per_item])
def test_an_artifact_of_all_items_holds_few_of_them_at_a_time(service, artifact):
    found, options = entries(service, 0)
    source = itertools.islice(itertools.cycle(found), 10_000)
    assert list(itertools.islice(catalog.load(artifact.render)(source, options), 20)), (
        f"let {artifact.render} yield pieces"
    )
    assert len(list(source)) > 9000, f"let {artifact.render} yield as it reads, not read all entries first"


@pytest.mark.parametrize(("service", "artifact"), [param for param in ARTIFACTS if not param.values[1].per_item])
def test_an_artifact_of_all_items_takes_one_that_failed(service, artifact):
    found, options = entries(service, 0)
    error = ItemError(code="made_up", message="Something is wrong with this item.")
    failed = Entry(position=len(found) + 1, item=found[0].item, result=None, error=error)
    text = "".join(catalog.load(artifact.render)(iter([*found, failed]), options))
    assert text.strip(), f"let {artifact.render} take entries whose `result` is None"


@pytest.mark.parametrize(
    ("service", "artifact"), [param for param in ARTIFACTS if param.values[1].media_type == "image/svg+xml"]
)
def test_a_figure_is_one_svg_image_that_needs_nothing_from_elsewhere(service, artifact):
    assert artifact.per_item, "make a figure of one item (`per_item=True`)"
    found, options = entries(service, 0)
    image = ElementTree.fromstring("".join(catalog.load(artifact.render)([found[0]], options)))
    assert image.tag == "{http://www.w3.org/2000/svg}svg", "let a figure be one <svg> element with its namespace"
    assert image.get("viewBox"), "give the <svg> a viewBox, so that it fits any page"
    styles = " ".join(one.text or "" for one in image.iter("{http://www.w3.org/2000/svg}style"))
    assert "prefers-color-scheme:dark" in styles, "draw it with `foundry.contract.figure`, which fits dark pages too"
    foreign = [one.tag for one in image.iter() if re.search(r"}(script|image|use|foreignObject)$", one.tag)]
    assert not foreign, f"draw the figure without {foreign}: nothing in it is run or loaded"


@each_service
def test_what_tells_entries_of_a_list_apart_is_in_them(service):
    found, _ = entries(service, 0)
    for column in service.columns:
        if column.tally:
            listed = [resolve(entry.result, column.path) for entry in found if entry.result]
            assert all(isinstance(one, list) for one in listed), f"let `tally` of {column.path!r} stand for a list only"
            missing = [entry for one in listed for entry in one if column.tally not in entry]
            assert not missing, f"correct `tally` of {column.path!r}: its entries have no {column.tally!r}"


# The imports


def loaded_after(*modules):
    """Names of all modules that a fresh interpreter holds after importing these."""
    code = f"import {', '.join(modules)}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def above(*packages):
    """The packages and those that they lie in."""
    return {
        package[:end] for package in packages for end in (*(dot.start() for dot in re.finditer(r"\.", package)), None)
    }


def foreign(service, module):
    """Whether a module is one that a service must not import: of the platform, of another service, or theirs."""
    own = package(service)
    if module in above(own) or module.startswith(f"{own}."):
        return False
    top, _, rest = module.partition(".")
    if top == "foundry":
        return rest not in ("", "contract") and not rest.startswith("contract.")
    homes = {name.partition(".")[0] for name in HOMES}
    return top in homes | {"django", "ninja", "boto3", "botocore", "zappa", "psycopg2"}


def imported(path):
    """Names of the modules that a file imports, wherever in it; those of relative imports start with a dot."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module in {"foundry", *above(*HOMES)}:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def modules(service):
    names = (path.relative_to(folder(service)).with_suffix("").parts for path in folder(service).rglob("*.py"))
    return sorted(".".join((package(service), *parts)).removesuffix(".__init__") for parts in names)


@each_service
def test_its_declaration_and_schema_import_quickly(service):
    heavy = {"django", "boto3", "botocore", "numpy", "Bio", "pandas", "scipy", "matplotlib"}
    loaded = heavy & loaded_after(package(service), f"{package(service)}.schema")
    assert not loaded, (
        f"import these in the modules that compute, not in __init__.py and schema.py: {', '.join(loaded)}"
    )


@each_service
def test_its_code_stands_on_the_contract_alone(service):
    for path in folder(service).rglob("*.py"):
        strange = [name for name in imported(path) if foreign(service, name) or name.startswith("..")]
        assert not strange, f"import foundry.contract and the service's own modules, not {strange} in {path.name}"


@each_service
def test_nothing_it_imports_imports_the_platform(service):
    strange = [name for name in loaded_after(*modules(service)) if foreign(service, name)]
    assert not strange, f"import nothing that imports these: {', '.join(strange)}"


@each_service
def test_what_it_names_is_its_own(service):
    for path in [service.compute, *(artifact.render for artifact in service.artifacts)]:
        assert path.startswith(f"{package(service)}."), f"let {path!r} name something in {package(service)}"
        assert callable(catalog.load(path)), f"let {path!r} name a function"
