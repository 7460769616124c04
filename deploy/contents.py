"""What a function's package holds: of the installed distributions those it needs, and of the project its own part."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy import stages
from deploy.errors import DeployError
from deploy.stages import Stage

#: What every function imports.
PLATFORM = ("django", "pydantic", "psycopg2-binary", "orjson", "zappa")
#: What answers HTTP on top, reads uploaded files, shows services' notes, and sends webhooks.
API = ("werkzeug", "django-ninja", "whitenoise", "biopython", "markdown-it-py", "standardwebhooks", "certifi")
#: What AWS's Python runtime brings along.
RUNTIME = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"})
#: Of Zappa's requirements, what dispatching imports; Werkzeug is for HTTP, and the others are for its command line.
_REQUIRES = {"zappa": ("durationpy",)}

#: The authorities that the database's server is checked by.
_CERTIFICATES = Path("global-bundle.pem")
#: Files of distributions that no function reads.
_UNUSED = re.compile(
    r"""
    .*\.dist-info/(?!METADATA$)
    | .*\.(pyi|pyx|pxd|c|h|a|map|typed|pyc)$
    | (.*/)?(tests|__pycache__)/
    | django/(conf|contrib/\w+)/locale/(?!en/|__init__\.py)
    | django/contrib/(admindocs|gis)/
    | zappa/(cli|core|letsencrypt)\.py$ | zappa/policies/
    | numpy/(f2py|_core/include|_core/lib|_pyinstaller)/ | numpy/typing/mypy_plugin\.py$
    | Bio/Entrez/(DTDs|XSDs)/ | Bio/Cluster/ | BioSQL/
    | pydantic/mypy\.py$
    """,
    re.VERBOSE,
)


def distributions(stage: Stage) -> set[str]:
    """The names of the distributions in the stage's package."""
    # The API draws the artifacts of all services, so it needs what all of them import.
    services = [stages.service(stage.service)] if stage.service else stages.services().values()
    wanted = [*PLATFORM, *(() if stage.service else API)]
    return closure([*wanted, *(library for service in services for library in service.libraries)])


def closure(names: Iterable[str]) -> set[str]:
    """The distributions and all that they require here, without what AWS's runtime has."""
    found: set[str] = set()
    waiting: list[str] = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found | RUNTIME:
            found.add(name)
            waiting.extend(_requirements(name))
    return found


def _requirements(name: str) -> Iterator[str]:
    for line in _REQUIRES.get(name) or importlib.metadata.requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def files(names: Iterable[str]) -> dict[str, Path]:
    """The files of the distributions that a function may read: where they belong in a package, and where they are."""
    return {
        str(file): Path(str(file.locate()))
        for name in sorted(names)
        for file in importlib.metadata.files(name) or ()
        if file.parts[0] != ".." and not _UNUSED.match(str(file))
    }


def require_services(stage: Stage, root: Path = stages.ROOT) -> None:
    """Raises DeployError for a service that would not be in the package: the function would start, and not find it."""
    packed = {path.resolve() for path in files(distributions(stage)).values()}
    for package in _packages(stage):
        source, place = stages.source(package), root.joinpath(*package.split("."))
        if source != place.resolve() / "__init__.py" and source not in packed:
            raise DeployError(
                f"FOUNDRY_SERVICES: {package} lies in {source.parent}, and would not be in the function's package: "
                f"that holds this project's folder and the `libraries` of services. Put it into {place}, "
                "and take the other place out of PYTHONPATH."
            )


def foreign(stage: Stage, root: Path = stages.ROOT) -> list[str]:
    """The paths of the project that are not the function's, from its root."""
    wanted = {Path("foundry"), _CERTIFICATES, *(Path(*package.split(".")) for package in _packages(stage))}
    return list(_others(root, root, wanted))


def _packages(stage: Stage) -> Collection[str]:
    """Of the services that the function knows."""
    return [stages.package(stage.service)] if stage.service else stages.packages().values()


def _others(root: Path, folder: Path, wanted: Collection[Path]) -> Iterator[str]:
    """What lies in the folder and is neither wanted nor leads there."""
    for entry in sorted(folder.iterdir()):
        path = entry.relative_to(root)
        if any(keep.is_relative_to(path) and keep != path for keep in wanted):
            yield from _others(root, entry, wanted)
        elif path not in wanted and not (entry.name == "__init__.py" and folder != root):
            yield str(path)
