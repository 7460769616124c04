"""Uploaded files to items: FASTA, GenBank, SnapGene, CSV/TSV, single or many, plain, gzipped or in a zip.

`read` gives one `Record` for each design found, good or bad, in the order of the files. A record that cannot be read
says why and where, and the others go on. Faults of the whole request raise `IntakeError`. Nothing here imports Django,
and Biopython is imported when the first file that needs it is read.
"""

from foundry.intake.errors import IntakeError, IntakeTooLargeError
from foundry.intake.files import read
from foundry.intake.record import Record, Source, Upload

__all__ = ["IntakeError", "IntakeTooLargeError", "Record", "Source", "Upload", "read"]
