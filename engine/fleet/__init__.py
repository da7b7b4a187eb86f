"""The fleet: all running cases of a programme at once - where they stand, since when, and what stands in their way.

Everything is told from rows in a fixed number of queries; no instance is opened.
"""

from engine.fleet.counts import CaseRow as CaseRow
from engine.fleet.counts import FailureRow as FailureRow
from engine.fleet.counts import Filter as Filter
from engine.fleet.counts import Measured as Measured
from engine.fleet.counts import ProcessRow as ProcessRow
from engine.fleet.counts import StepRow as StepRow
from engine.fleet.counts import TimerRow as TimerRow
from engine.fleet.counts import VersionRow as VersionRow
from engine.fleet.counts import cases as cases
from engine.fleet.counts import failures as failures
from engine.fleet.counts import measure as measure
from engine.fleet.counts import overview as overview
from engine.fleet.counts import timers as timers
