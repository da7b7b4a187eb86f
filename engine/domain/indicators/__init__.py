"""Indicator sets: groups, weights, standards, gates and formulas, read from the rows of indicators.csv."""

from engine.domain.indicators.cells import Row as Row
from engine.domain.indicators.model import FULL_WEIGHT as FULL_WEIGHT
from engine.domain.indicators.model import About as About
from engine.domain.indicators.model import Indicator as Indicator
from engine.domain.indicators.model import IndicatorSet as IndicatorSet
from engine.domain.indicators.model import Kind as Kind
from engine.domain.indicators.model import Level as Level
from engine.domain.indicators.model import Method as Method
from engine.domain.indicators.model import Missing as Missing
from engine.domain.indicators.model import RawInput as RawInput
from engine.domain.indicators.model import Tie as Tie
from engine.domain.indicators.table import COLUMNS as COLUMNS
from engine.domain.indicators.table import check as check
from engine.domain.indicators.table import codes as codes
from engine.domain.indicators.table import digest as digest
from engine.domain.indicators.table import faults as faults
from engine.domain.indicators.table import in_force as in_force
from engine.domain.indicators.table import of as of
from engine.domain.indicators.table import parse as parse
from engine.domain.indicators.table import read_rows as read_rows
from engine.domain.indicators.table import write_rows as write_rows
