"""Decision models for tests, drawn in a few words."""

import pytest
from lxml import etree

from engine.domain import decisions
from engine.errors import ExpressionRefused

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def root(*parts):
    return etree.fromstring(f'<definitions xmlns="{DMN}" id="model">{"".join(parts)}</definitions>')


def read(*parts):
    return decisions.read(root(*parts))


def text(source, type_="", name="literalExpression"):
    kind = f' typeRef="{type_}"' if type_ else ""
    return f"<{name}{kind}><text><![CDATA[{source}]]></text></{name}>"


def decision(name, logic, *needs, type_=""):
    logic = logic if logic.startswith("<") else text(logic)
    kind = f' typeRef="{type_}"' if type_ else ""
    return f'<decision id="{name}" name="{name}"><variable name="{name}"{kind}/>{"".join(needs)}{logic}</decision>'


def needs(*names, kind="Decision"):
    outer = "knowledgeRequirement" if kind == "Knowledge" else "informationRequirement"
    return "".join(f'<{outer}><required{kind} href="#{name}"/></{outer}>' for name in names)


def datum(name, type_=""):
    kind = f' typeRef="{type_}"' if type_ else ""
    return f'<inputData id="i_{name}" name="{name}"><variable name="{name}"{kind}/></inputData>'


def knowledge(name, parameters, body, *more, type_=""):
    body = body if body.startswith("<") else text(body)
    kind = f' typeRef="{type_}"' if type_ else ""
    given = "".join(f'<formalParameter name="{one}" typeRef="{of}"/>' for one, of in parameters.items())
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><variable name="{name}"{kind}/>'
        f"<encapsulatedLogic>{given}{body}</encapsulatedLogic>{''.join(more)}</businessKnowledgeModel>"
    )


def item(name, of="", allowed="", inside="", *, many=False):
    of = f"<typeRef>{of}</typeRef>" if of else ""
    allowed = text(allowed, name="allowedValues") if allowed else ""
    collection = ' isCollection="true"' if many else ""
    return f'<itemDefinition name="{name}"{collection}>{of}{allowed}{inside}</itemDefinition>'


def component(name, of, *, many=False):
    collection = ' isCollection="true"' if many else ""
    return f'<itemComponent name="{name}"{collection}><typeRef>{of}</typeRef></itemComponent>'


def answer(*parts, name="d", **data):
    return decisions.parse(root(*parts))[name].evaluate(data)


def refused(*parts):
    with pytest.raises(ExpressionRefused) as refusal:
        decisions.parse(root(*parts))
    return refusal.value.facts
