"""Archive packages: one case as one file that a clean machine can check years later, without this house."""

from engine.domain.packages.checking import Report as Report
from engine.domain.packages.checking import check as check
from engine.domain.packages.sealing import Fault as Fault
from engine.domain.packages.sealing import seal as seal
from engine.domain.packages.zipped import LARGEST as LARGEST
from engine.domain.packages.zipped import unpack as unpack
