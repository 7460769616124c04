import dataclasses

from foundry.contract import Slicing
from tests.toys.toy import service

_TOY = service("toy-busy", timeout_s=60)

#: For as many slots as there are, an item a job.
SERVICE = dataclasses.replace(
    _TOY, limits=dataclasses.replace(_TOY.limits, concurrency=40), slicing=Slicing(items=1, weight=1_000)
)
