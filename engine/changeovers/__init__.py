"""Changeovers: what runs is tried on another version first, then carried over group by group, and can be taken back."""

from engine.changeovers.carrying import FAILED as FAILED
from engine.changeovers.carrying import apply as apply
from engine.changeovers.carrying import give_up as give_up
from engine.changeovers.carrying import pending as pending
from engine.changeovers.carrying import undo as undo
from engine.changeovers.carrying import undo_one as undo_one
from engine.changeovers.carrying import waiting as waiting
from engine.changeovers.carrying import work as work
from engine.changeovers.deciding import Decision as Decision
from engine.changeovers.deciding import decide as decide
from engine.changeovers.deciding import set_apart as set_apart
from engine.changeovers.deciding import stay_all as stay_all
from engine.changeovers.finding import CaseView as CaseView
from engine.changeovers.finding import ChangeoverHead as ChangeoverHead
from engine.changeovers.finding import ChangeoverView as ChangeoverView
from engine.changeovers.finding import GroupView as GroupView
from engine.changeovers.finding import case as case
from engine.changeovers.finding import cases as cases
from engine.changeovers.finding import latest as latest
from engine.changeovers.finding import listing as listing
from engine.changeovers.finding import show as show
from engine.changeovers.judging import rehearse as rehearse
from engine.changeovers.judging import rehearsed as rehearsed
