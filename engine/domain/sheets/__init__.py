"""Score sheets: how a unit was scored, with everything that is needed to reckon it again and to walk it back."""

from engine.domain.sheets.answering import answer as answer
from engine.domain.sheets.answering import plain_number as plain_number
from engine.domain.sheets.composing import FORMAT as FORMAT
from engine.domain.sheets.composing import About as About
from engine.domain.sheets.composing import Frozen as Frozen
from engine.domain.sheets.composing import Sheet as Sheet
from engine.domain.sheets.composing import by_code as by_code
from engine.domain.sheets.composing import compose as compose
from engine.domain.sheets.composing import read_set as read_set
from engine.domain.sheets.composing import recompute as recompute
from engine.domain.sheets.dependence import depends as depends
from engine.domain.sheets.dependence import moved as moved
from engine.domain.sheets.dependence import rescored as rescored
from engine.domain.sheets.dependence import with_value as with_value
from engine.domain.sheets.walking import walk as walk
