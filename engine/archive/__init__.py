"""The archive: a case as one sealed package (T50), kept by its digest and found again by its case."""

from engine.archive.keeping import Archived as Archived
from engine.archive.keeping import Transfer as Transfer
from engine.archive.keeping import archive_case as archive_case
from engine.archive.keeping import case_of as case_of
from engine.archive.keeping import package_of as package_of
