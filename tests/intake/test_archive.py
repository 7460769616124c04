from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from foundry.intake import IntakeError, IntakeTooLargeError


def make_zip(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_members_come_in_the_order_of_their_names(intake):
    content = make_zip(
        {
            "b.csv": "name,sequence\nb,ACGT\n",
            "sub/": "",
            "a.fa": ">a\nACGT\n",
            "__MACOSX/._a.fa": b"\0\5\x16\7",
            ".DS_Store": b"\0\0\0\1Bud1",
            "../../c.fa": ">c\nACGT\n",
            "z.fa.gz": gzip.compress(b">z\nACGT\n"),
        }
    )
    records = intake(("designs.zip", content))
    assert [record.values["name"] for record in records] == ["c", "a", "b", "z"]
    assert str(records[0].source) == "designs.zip/../../c.fa, record c, line 1"


def test_what_a_zip_unpacks_to_is_bounded(intake):
    bomb = make_zip({"a.fa": ">a\nACGT\n", "b.fa": b"A" * 30_000_000})
    with pytest.raises(IntakeTooLargeError, match=r"bomb\.zip/b\.fa: .* 5,000,000 bytes") as caught:
        intake(("bomb.zip", bomb))
    assert caught.value.limit == 5_000_000


def test_what_gzip_unpacks_to_is_bounded(intake):
    with pytest.raises(IntakeTooLargeError, match="5,000,000 bytes"):
        intake(("a.fa.gz", gzip.compress(b"A" * 30_000_000)))


def test_the_bound_is_on_all_files_together(intake):
    half = (">a\n" + "A" * 60).encode()
    assert len(intake(("a.fa", half), ("b.fa", half), max_bytes=126)) == 2
    with pytest.raises(IntakeTooLargeError, match=r"b\.fa"):
        intake(("a.fa", half), ("b.fa", half), max_bytes=125)


def test_the_files_in_a_zip_are_bounded(intake):
    with pytest.raises(IntakeTooLargeError, match="11 files are over the limit of 10 items"):
        intake(("a.zip", make_zip({f"{n}.fa": "" for n in range(11)})), max_items=10)


def test_a_damaged_member_is_named_and_the_others_are_read(intake):
    content = make_zip({"a.fa": ">a\nACGT\n", "b.fa": ">b\nGGGG\n"}, zipfile.ZIP_STORED)
    records = intake(("a.zip", content.replace(b"GGGG", b"GGGC", 1)))
    assert records[0].values["name"] == "a"
    assert records[1].error.code == "zip_member_corrupt"
    assert records[1].error.message.startswith("a.zip/b.fa: cannot unpack")


def test_a_packing_that_cannot_be_bounded_is_refused(intake):
    with pytest.raises(IntakeError, match=r"a\.zip/a\.fa: .*deflate"):
        intake(("a.zip", make_zip({"a.fa": ">a\nACGT\n"}, zipfile.ZIP_BZIP2)))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (make_zip({"a.fa": ">a\nACGT\n"})[:-30], "zip_unreadable"),
        (make_zip({"a.zip": make_zip({"a.fa": ">a\nACGT\n"})}), "archive_nested"),
        (make_zip({"a.gz": gzip.compress(gzip.compress(b">a\nACGT\n"))}), "archive_nested"),
        (make_zip({}), "files_missing"),
        (gzip.compress(b">a\nACGT\n" * 9)[:-12], "gzip_corrupt"),
        (gzip.compress(b">a\nACGT\n" * 9)[:-1] + b"!", "gzip_corrupt"),
    ],
    # The bytes say when they were made.
    ids=["cut zip", "zip in zip", "gzip in gzip in zip", "empty zip", "cut gzip", "wrong gzip"],
)
def test_an_archive_that_cannot_be_read(intake, content, code):
    with pytest.raises(IntakeError) as caught:
        intake(("a.zip", content))
    assert caught.value.code == code


def test_an_archive_in_a_zip_does_not_keep_the_others_from_being_read(intake):
    inner = make_zip({"b.fa": ">b\nACGT\n"})
    records = intake(("a.zip", make_zip({"a.fa": ">a\nACGT\n", "b.zip": inner, "c.fa": ">c\nACGT\n"})))
    assert [record.values.get("name") for record in records] == ["a", None, "c"]
    assert records[1].error.message.startswith("a.zip/b.zip: this is an archive in an archive; unpack it")


#: As Word writes it, openpyxl (which names its types last), Google Docs, and cut off from its types.
@pytest.mark.parametrize(
    ("name", "parts", "looks_like"),
    [
        ("notes.docx", ("[Content_Types].xml", "_rels/.rels", "word/document.xml"), "a Word document"),
        ("plate", ("docProps/app.xml", "xl/workbook.xml", "[Content_Types].xml"), "an Excel workbook"),
        ("plate.xlsx", ("xl/filler", "xl/workbook.xml"), "an Excel workbook"),
        ("notes.DOCX", ("word/numbering.xml", "word/document.xml"), "a Word document"),
        ("talk.pptx", ("ppt/presentation.xml",), "a PowerPoint presentation"),
        ("notes.odt", ("mimetype", "content.xml"), "a LibreOffice document"),
    ],
)
def test_an_office_file_in_a_zip_is_named_and_the_others_are_read(intake, name, parts, looks_like):
    office = make_zip(dict.fromkeys(parts, "application/vnd.oasis.opendocument.text"), zipfile.ZIP_STORED)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        first, second = intake(("a.zip", make_zip({name: office, "z.fa": ">z\nACGT\n"}, method)))
        assert first.error.message.startswith(f"a.zip/{name}: this looks like {looks_like}")
        assert second.values["name"] == "z"


def test_an_office_file_is_known_by_its_beginning_or_its_name(intake):
    filler = {f"xl/media/{n}.bin": bytes(range(256)) * 256 for n in range(8)}
    large = make_zip({"docProps/app.xml": "", **filler, "[Content_Types].xml": ""}, zipfile.ZIP_STORED)
    [record, _] = intake(("a.zip", make_zip({"plate.xlsx": large, "z.fa": ">z\nACGT\n"})))
    assert "an Excel workbook" in record.error.message


def test_an_encrypted_member_is_named(intake):
    content = bytearray(make_zip({"a.fa": ">a\nACGT\n"}))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(header) + flags] |= 1
    with pytest.raises(IntakeError, match=r"a\.zip/a\.fa is encrypted"):
        intake(("a.zip", bytes(content)))
