"""Official documents (公文) by GB/T 9704-2012: a template and facts become a paper, and the paper PDF and DOCX."""

from engine.domain.documents.composing import Issue, compose
from engine.domain.documents.template import Template, read

__all__ = ["Issue", "Template", "compose", "read"]
