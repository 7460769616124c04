"""Bulk inserts: what goes in comes out, and what goes wrong is told as it is."""

import uuid

import pytest
from django.db import DatabaseError, connection, models, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from foundry.core.copy import copy_into
from foundry.core.models import TextJSONField


class Row(models.Model):
    """One column of each type that is known."""

    id = models.UUIDField(primary_key=True)
    number = models.IntegerField(null=True)
    large = models.BigIntegerField(null=True)
    name = models.CharField(max_length=200, null=True)  # noqa: DJ001
    text = models.TextField(null=True)  # noqa: DJ001
    values = TextJSONField(null=True)
    data = models.BinaryField(null=True)

    class Meta:
        app_label = "copied"


COLUMNS = [field.column for field in Row._meta.concrete_fields]
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)
ROWS = st.lists(
    st.tuples(
        st.uuids(),
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | TEXT,
        st.none() | TEXT,
        st.none() | st.sampled_from(["{}", '{"a":"\\n\\\\t"}', "[1, 2]"]),
        st.none() | st.binary(max_size=300),
    ),
    max_size=80,
    unique_by=lambda row: row[0],
)


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, number, large, name, text, values::text, data FROM copied_row")
        return {row[0]: (*row[:6], None if row[6] is None else bytes(row[6])) for row in cursor.fetchall()}


@pytest.fixture
def table(db):
    with connection.schema_editor(atomic=True) as editor:
        editor.create_model(Row)


class TestRoundTrip(TestCase):
    """Examples of hypothesis, each in a transaction of its own."""

    @given(ROWS)
    def test_what_goes_in_comes_out(self, rows):
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS copied_row")
        with connection.schema_editor() as editor:
            editor.create_model(Row)
        copy_into(Row, COLUMNS, rows)
        assert stored() == {row[0]: row for row in rows}


def test_texts_may_come_as_bytes_and_columns_in_any_order(table):
    one = uuid.uuid4()
    copy_into(Row, ["text", "id"], [("päper".encode(), one)])
    assert stored()[one][4] == "päper"


def test_what_making_the_rows_raises_is_raised(table):
    def rows():
        yield uuid.uuid4(), 1
        raise KeyboardInterrupt("in the middle")

    with pytest.raises(KeyboardInterrupt, match="in the middle"), transaction.atomic():
        copy_into(Row, ["id", "number"], rows())
    assert stored() == {}


@pytest.mark.parametrize("name", ["a\0b", "x" * 201], ids=["NUL", "too long"])
def test_what_the_database_refuses_is_an_error_of_the_database(name, table):
    with pytest.raises(DatabaseError), transaction.atomic():
        copy_into(Row, ["id", "name"], [(uuid.uuid4(), name)])


def test_a_number_that_is_too_large_is_not_cut(table):
    with pytest.raises(Exception, match="format requires"), transaction.atomic():
        copy_into(Row, ["id", "number"], [(uuid.uuid4(), 2**31)])
