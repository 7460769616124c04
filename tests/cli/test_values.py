"""The result table."""

import io

from rich.console import Console

from foundry.cli.values import show_values
from foundry.client import Column, Result


def test_columns_that_do_not_fit_are_counted():
    columns = [Column(title=f"c{number}", path=f"c{number}") for number in range(30)]
    result = Result(position=1, name="one", state="succeeded", values={column.path: 12345 for column in columns})
    console = Console(file=io.StringIO(), width=60)
    show_values(console, columns, [result])
    shown = console.file.getvalue()
    assert f"{30 - shown.count('12,345')} more columns: --csv" in shown
