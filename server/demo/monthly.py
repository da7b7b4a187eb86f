"""What is looked at after every month of a story: the rules that must always hold."""

from engine import titles
from engine.db import transaction
from engine.soundness import of_all
from server.demo.story import StoryStuck
from server.demo.world import World


def check(world: World) -> None:
    """Raise StoryStuck when the rows no longer tell one story, or the titles break a rule of chapter 8.1."""
    with transaction(world.sessions) as session:
        broken = [one.text["zh"] for one in of_all(session)]
        broken += [str(fault) for fault in titles.faults(session)]
    if broken:
        raise StoryStuck("; ".join(broken))
