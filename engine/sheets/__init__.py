"""Score sheets in the registers: made for a case or a year, never changed, tried under another set, walked back."""

from engine.sheets.reading import Affected as Affected
from engine.sheets.reading import Placed as Placed
from engine.sheets.reading import SheetRow as SheetRow
from engine.sheets.reading import SheetView as SheetView
from engine.sheets.reading import affected_by as affected_by
from engine.sheets.reading import medians as medians
from engine.sheets.reading import of_case as of_case
from engine.sheets.reading import of_unit as of_unit
from engine.sheets.reading import show as show
from engine.sheets.recording import Case as Case
from engine.sheets.recording import Place as Place
from engine.sheets.recording import grade as grade
from engine.sheets.recording import rescore_case as rescore_case
from engine.sheets.recording import score_case as score_case
from engine.sheets.rounds import monitoring_results as monitoring_results
from engine.sheets.rounds import programme_of as programme_of
from engine.sheets.rounds import rescore_round as rescore_round
from engine.sheets.trying import Move as Move
from engine.sheets.trying import PastRound as PastRound
from engine.sheets.trying import moves as moves
from engine.sheets.trying import past_rounds as past_rounds
