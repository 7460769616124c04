import dataclasses

from foundry.contract import Slicing
from tests.toys.toy import service

_TOY = service("toy-wide", timeout_s=120)

#: For as many slots as there are, an item a job.
SERVICE = dataclasses.replace(
    _TOY, limits=dataclasses.replace(_TOY.limits, concurrency=1_000), slicing=Slicing(items=1, weight=1_000)
)
