"""What must hold of deliveries in every database: what was sent has an answer, what was given up has a reason."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from engine.invariants import Broken, Rule, asked

RULES = (
    Rule(
        "delivery-attempts",
        "通知发送的次数与记录不符（{detail}）。",
        "A delivery counts other tries than were kept ({detail}).",
        """SELECT CAST(NULL AS uuid), d.message_id, format('%s / %s', d.attempts, count(a.id)) FROM delivery d
        LEFT JOIN attempt a ON a.delivery = d.id GROUP BY d.id HAVING d.attempts > count(a.id)""",
    ),
    Rule(
        "delivery-sent",
        "通知（{detail}）记为已送达，却没有对方接收的记录。",
        "A delivery ({detail}) counts as sent, and no try was answered with 2xx.",
        """SELECT CAST(NULL AS uuid), d.message_id, d.attempts FROM delivery d WHERE d.state = 'sent'
        AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.delivery = d.id AND a.status BETWEEN 200 AND 299)""",
    ),
    Rule(
        "delivery-dead",
        "通知（{detail}）已放弃发送，却没有记录原因。",
        "A delivery ({detail}) was given up, and no try says why.",
        """SELECT CAST(NULL AS uuid), d.message_id, d.attempts FROM delivery d WHERE d.state = 'dead'
        AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.delivery = d.id AND (a.error IS NOT NULL OR a.status > 299))""",
    ),
)


def of_deliveries(session: Session) -> Iterator[Broken]:
    """Yield what deliveries break."""
    for rule in RULES:
        yield from asked(session, rule, rule.query)
