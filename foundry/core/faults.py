"""What pydantic finds wrong with a value, in the words of people who never heard of pydantic."""

from __future__ import annotations

from pydantic_core import ErrorDetails

from foundry.core import patterns

#: How what is wrong is put right, for those who write JSON; the portal leaves it out, as its forms say it better.
IN_JSON = {
    "missing": "; give it in the item, or in `defaults` if all items share it",
    "extra_forbidden": "; see the service's schema for those there are",
}
#: By the kind of fault; what stands in braces is what pydantic says of it.
_SAID = {
    "missing": "this is needed and was not given",
    "extra_forbidden": "there is no such field",
    "greater_than": "it must be over {gt}",
    "greater_than_equal": "it must be at least {ge}",
    "less_than": "it must be under {lt}",
    "less_than_equal": "it must be at most {le}",
    "multiple_of": "it must be a multiple of {multiple_of}",
    "finite_number": "it must be a number that is finite",
    "string_too_short": "it must have at least {min_length} letters",
    "string_too_long": "it must have at most {max_length} letters",
    "too_short": "it must have at least {min_length} entries, and has {actual_length}",
    "too_long": "it must have at most {max_length} entries",
}
#: What a value must be, where it is of another type altogether; by the first words of the kind of fault.
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "string": "a text",
    "list": 'a list such as ["a", "b"]',
    "tuple": 'a list such as ["a", "b"]',
    "set": 'a list such as ["a", "b"]',
    "dict": "an object with values by name",
    "model": "an object with values by name",
    "date": "a date such as 2026-11-22",
    "datetime": "a date and time such as 2026-11-22T13:45",
    "time": "a time such as 13:45",
    "time_delta": "a duration such as PT30M",
    "url": "a web address",
}
_OF_TYPES = {
    "_type",
    "_parsing",
    "_parsing_size",
    "_from_float",
    "_from_date_parsing",
    "_from_datetime_parsing",
    "_from_datetime_inexact",
}
_SHOWN = 50


def message(fault: ErrorDetails) -> str:
    """A sentence that begins small, for the place of the fault stands before it."""
    kind = fault["type"]
    if said := _SAID.get(kind):
        return f"{said.format(**fault.get('ctx', {}))}{IN_JSON.get(kind, '')}."
    if kind == "string_pattern_mismatch":
        return f"{_form(fault.get('ctx', {}).get('pattern', ''))}, not {_shown(fault['input'])}."
    if kind in ("literal_error", "enum"):
        return f"it must be {fault.get('ctx', {}).get('expected', 'one of the choices')}, not {_shown(fault['input'])}."
    if kind in ("timezone_aware", "timezone_naive"):
        return f"it must be given {'with' if kind == 'timezone_aware' else 'without'} a time zone."
    for name, what in _TYPES.items():
        if kind.removeprefix(name) in _OF_TYPES:
            return f"it must be {what}, not {_shown(fault['input'])}."
    return f"{fault['msg'].removeprefix('Value error, ').rstrip('.')}."


def _form(pattern: str) -> str:
    said = patterns.in_words(pattern)
    return f"it must consist of {said}" if said else f"it must match the pattern {pattern}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
