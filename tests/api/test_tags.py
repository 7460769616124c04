"""Tags of a request."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

pytestmark = pytest.mark.django_db


def test_tags_are_kept_in_small_letters_each_once(owner, submit):
    shown = submit(owner, tags=["Cycle  7", "cycle 7", "promoters"]).json()
    assert shown["tags"] == ["cycle 7", "promoters"]
    assert owner.get(shown["links"]["self"]).json()["tags"] == ["cycle 7", "promoters"]


def test_a_form_gives_them_as_json(owner):
    fasta = SimpleUploadedFile("a.fa", b">a [topology=linear]\nATGC\n")
    fields = {"service": "screen-synthesis", "tags": '["t"]', "files": fasta}
    assert owner.post("/api/v1/requests", fields).json()["tags"] == ["t"]


def test_without_tags_there_are_none(owner, submit):
    assert submit(owner).json()["tags"] == []


@pytest.mark.parametrize("tags", [["x" * 51], [str(number) for number in range(11)], ["a\x00"], "t", [1]])
def test_tags_that_are_none_are_refused(owner, submit, problem, tags):
    assert "tags" in str(problem(submit(owner, tags=tags), 422))


def test_the_same_key_with_other_tags_is_another_request(owner, submit, problem):
    submit(owner, tags=["a"], headers={"Idempotency-Key": "k"})
    problem(submit(owner, tags=["b"], headers={"Idempotency-Key": "k"}), 422)
