"""Contains all the data models used in inputs/outputs"""

from .answers import Answers
from .answers_answers import AnswersAnswers
from .credentials import Credentials
from .done import Done
from .incident import Incident
from .instance_view import InstanceView
from .instance_view_milestone_name_type_0 import InstanceViewMilestoneNameType0
from .keep_body import KeepBody
from .kept import Kept
from .line import Line
from .listing_due import ListingDue
from .listing_list import ListingList
from .listing_sort import ListingSort
from .membership import Membership
from .open_task import OpenTask
from .person import Person
from .problem import Problem
from .problem_errors import ProblemErrors
from .problem_fields import ProblemFields
from .problem_findings_item import ProblemFindingsItem
from .sheet import Sheet
from .sheet_row import SheetRow
from .sheet_sheet import SheetSheet
from .step import Step
from .step_changes_type_0 import StepChangesType0
from .step_schema_page import StepSchemaPage
from .task import Task
from .task_closed_type_0 import TaskClosedType0
from .task_organisation_name_type_0 import TaskOrganisationNameType0
from .task_schema_page import TaskSchemaPage
from .task_view import TaskView
from .task_view_answers_type_0 import TaskViewAnswersType0
from .task_view_data import TaskViewData
from .task_view_facts import TaskViewFacts
from .task_view_form_type_0 import TaskViewFormType0
from .token import Token

__all__ = (
    "Answers",
    "AnswersAnswers",
    "Credentials",
    "Done",
    "Incident",
    "InstanceView",
    "InstanceViewMilestoneNameType0",
    "KeepBody",
    "Kept",
    "Line",
    "ListingDue",
    "ListingList",
    "ListingSort",
    "Membership",
    "OpenTask",
    "Person",
    "Problem",
    "ProblemErrors",
    "ProblemFields",
    "ProblemFindingsItem",
    "Sheet",
    "SheetRow",
    "SheetSheet",
    "Step",
    "StepChangesType0",
    "StepSchemaPage",
    "Task",
    "TaskClosedType0",
    "TaskOrganisationNameType0",
    "TaskSchemaPage",
    "TaskView",
    "TaskViewAnswersType0",
    "TaskViewData",
    "TaskViewFacts",
    "TaskViewFormType0",
    "Token",
)
