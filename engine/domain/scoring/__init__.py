"""Scores of units by an indicator set: every method of the comparable official systems, in exact decimal arithmetic."""

from engine.domain.scoring.figures import ExpertScores as ExpertScores
from engine.domain.scoring.figures import Reported as Reported
from engine.domain.scoring.figures import Values as Values
from engine.domain.scoring.figures import expert_mean as expert_mean
from engine.domain.scoring.figures import growth as growth
from engine.domain.scoring.figures import half_up as half_up
from engine.domain.scoring.figures import plain as plain
from engine.domain.scoring.reckoning import assess as assess
from engine.domain.scoring.reckoning import assess_all as assess_all
from engine.domain.scoring.reckoning import rank as rank
from engine.domain.scoring.reckoning import score as score
from engine.domain.scoring.result import Bridged as Bridged
from engine.domain.scoring.result import GroupScore as GroupScore
from engine.domain.scoring.result import IndicatorScore as IndicatorScore
from engine.domain.scoring.result import Score as Score
from engine.domain.scoring.result import change as change
