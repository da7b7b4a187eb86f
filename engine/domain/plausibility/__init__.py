"""Checks of submitted figures: what looks strange becomes a question to the applicant, never a deduction.

The guidance wants measurement by quantities (五(四)); a wrong unit or a slip of the pen would decide it. Every check is
robust (medians and their deviations), so that one wrong figure among the peers does not excuse another.
"""

from engine.domain.plausibility.asking import Background as Background
from engine.domain.plausibility.asking import Question as Question
from engine.domain.plausibility.asking import Submission as Submission
from engine.domain.plausibility.asking import Use as Use
from engine.domain.plausibility.checks import check as check
