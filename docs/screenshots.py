"""Make the pictures of docs/pictures: play the demonstration and look at its pages as the people who use them.

Both stories are played in a database of their own under var/screenshots. Before a step that a picture shows is done,
its page is opened as whoever does it, in Chinese and in English; what shows the whole is taken when a story has ended.
"""

import base64
import io
import json
import shutil
import struct
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, Error, Page, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from engine import changeovers, clock, drafts, identity, publications, revisions, tasks
from engine.clock import CIVIL
from engine.db import transaction
from engine.identity import Actor, Kind, Limits
from engine.settings import ROOT, load
from engine.tables import ScoreSheet
from server import demo, postgres
from server.app import create_app
from server.demo.world import Work, World, by_verb

FOLDER = ROOT / "var" / "screenshots"
PICTURES = ROOT / "docs" / "pictures"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--force-color-profile=srgb",
]
BROWSER = shutil.which("chromium-headless-shell") or shutil.which("chromium")
LANGUAGES = ("zh", "en")
COLOURS = 128
UNIT = "339921"  # whose life the pictures show
NOON = time(12)
REDUCE = """async ([picture, most]) => {
  const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const points = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const point of points) counts.set(point, (counts.get(point) ?? 0) + 1);
  const nooks = new Map();
  for (const [point, count] of counts) {
    const nook = point & 0xf8f8f8;
    const kept = nooks.get(nook) ?? { count: 0, most: 0, point };
    kept.count += count;
    if (count > kept.most) Object.assign(kept, { most: count, point });
    nooks.set(nook, kept);
  }
  const palette = [...nooks.values()].sort((a, b) => b.count - a.count || a.point - b.point).slice(0, most);
  const parts = (point) => [point & 255, (point >> 8) & 255, (point >> 16) & 255];
  const colours = palette.map(({ point }) => parts(point));
  const nearest = new Map();
  for (const point of counts.keys()) {
    const [red, green, blue] = parts(point);
    let best = 0, least = Infinity;
    colours.forEach(([r, g, b], index) => {
      const far = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      if (far < least) [best, least] = [index, far];
    });
    nearest.set(point, best);
  }
  let told = '';
  for (const point of points) told += String.fromCharCode(nearest.get(point));
  return { width: image.width, height: image.height, colours, points: btoa(told) };
}"""


@dataclass(frozen=True)
class Shot:
    """A picture: its name, the address with {task} and other places, what is clicked first, how large the window is."""

    name: str
    path: str = "/tasks/{task}"
    clicks: tuple[str, ...] = ()
    width: int = 1440
    height: int = 900


ASK = "[data-dialog$='/actions/{}']"


def dialog(name: str, action: str) -> Shot:
    """Return the picture of an action's dialog on the page of a task."""
    return Shot(name, clicks=(ASK.format(action),))


# What is taken before whom: (story, element, not before) → pictures.
MOMENTS: dict[tuple[str, str, int], tuple[Shot, ...]] = {
    ("county", "T01_team", 2024): (
        Shot("task"),
        dialog("transfer", "transfer"),
        dialog("sign", "sign"),
        Shot("phone-task", width=390, height=844),
    ),
    ("county", "T02_plan", 2024): (Shot("case", "/instances/{case}"), dialog("return", "return")),
    ("county", "T04_indicators", 2026): (Shot("figures"),),
    ("county", "T05_statistics", 2026): (Shot("verify-figures"),),
    ("county", "T07_update", 2026): (Shot("sign-off"),),
    ("county", "T16_declaration", 2026): (Shot("expert-declares"),),
    ("province", "T17_verification", 2023): (Shot("expert-verifies"),),
    ("province", "T20_scoring", 2023): (Shot("expert-scores"),),
    ("county", "T24_department_opinion", 2026): (Shot("department-opinion"),),
    ("county", "T32_sign", 2026): (Shot("head-signs"),),
    ("province", "T01_team", 2015): (Shot("claimable", "/tasks?list=claimable"),),
    ("province", "T22_acceptance", 2023): (
        Shot("inbox", "/"),
        Shot("phone", "/", width=390, height=844),
        Shot("officer-accepts"),
    ),
    ("province", "T24_sign", 2023): (Shot("department-signs"),),
    ("province", "T29_admission", 2013): (Shot("objection-admits"),),
    ("province", "T32_sign", 2023): (Shot("leader-inbox", "/"),),
    ("province", "T38_lock", 2023): (Shot("lock-year"),),
}

FILES = "/studio/revisions/{draft}/files"

# What is taken when the province has come to its end, as whom.
WHOLE: tuple[tuple[str, tuple[Shot, ...]], ...] = (
    (
        "jingban",
        (
            Shot("board", "/board"),
            Shot("rankings", "/rankings"),
            Shot("bottlenecks", "/bottlenecks?months=36"),
            Shot("calendar", "/calendar"),
            Shot("units", "/units"),
            Shot("unit", "/units/{unit}"),
            Shot("score", "/scores/{sheet}"),
            Shot("document", "/documents/{document}"),
            Shot("plan", "/plan/{year}"),
            Shot("notices", "/notices"),
        ),
    ),
    (
        "xianzhang",
        (
            Shot("start", "/start"),
            Shot("substitutes", "/settings/substitutes"),
            Shot("security", "/settings/security"),
        ),
    ),
    (
        "admin",
        (
            Shot("maps", "/board/maps"),
            Shot("operations", "/operations"),
            Shot("endpoints", "/endpoints"),
            Shot("sources", "/sources"),
        ),
    ),
    (
        "liuguan",
        (
            Shot("library", "/studio"),
            Shot("draft", "/studio/revisions/{draft}", height=1100),
            Shot("modeler", f"{FILES}/joint_review.bpmn", ("[data-element-id='T24_department_opinion'] .djs-hit",)),
            Shot("decision", f"{FILES}/deadline.dmn"),
            Shot("form-editor", f"{FILES}/forms/T24_department_opinion.form"),
            Shot("indicator-set", f"{FILES}/indicators.csv"),
            Shot("compare", "/studio/revisions/{draft}/compare"),
            Shot("machine", "/studio/revisions/{draft}/machine", ("form.stack .btn-primary",), height=1200),
            Shot("scenarios", "/studio/revisions/{draft}/scenarios"),
            Shot("changeover", "/studio/changeovers/{changeover}"),
            Shot("fleet", "/studio/fleet/innovative-city/lifecycle"),
        ),
    ),
    ("", (Shot("titles", "/public/titles"), Shot("verify", "/verify/{document}"))),
)
# What the public sees on a day when the last notice is open to objections.
OPEN = (
    Shot("public", "/public"),
    Shot("notice", "/public/documents/{notice}"),
    Shot("objection", "/public/documents/{notice}/objection"),
    Shot("phone-notice", "/public/documents/{notice}", width=390, height=844),
)
UPPER = ("inbox", "phone", "task", "case", "units")  # those that the README shows lie in docs/pictures itself too


@dataclass
class Studio:
    """A hand of the demonstration that takes pictures before it does what is asked; tells `say` what it wrote."""

    browser: Browser
    story: str = ""
    world: World = field(init=False)
    written: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    taken: set[tuple[str, str, int]] = field(default_factory=set)
    last: datetime = field(init=False)

    def __call__(self, world: World, login: str, work: Work, answers: dict[str, Any]) -> None:
        """Do the work as somebody; before, take the pictures that belong to this moment."""
        self.world, self.last = world, clock.now()
        for key, shots in MOMENTS.items():
            story, element, year = key
            if key not in self.taken and (story, element) == (self.story, work.element) and self.last.year >= year:
                self.taken.add(key)
                self._hold(world, login, work, answers)
                self.take(login, shots, {"task": work.task, "case": work.instance})
        by_verb(world, login, work, answers)

    def take(self, login: str, shots: tuple[Shot, ...], places: dict[str, Any]) -> None:
        """Take pictures as a person, in every language; as nobody for an empty login."""
        with self._served(self.world) as address:
            for language in LANGUAGES:
                context = self.browser.new_context(base_url=address, locale="zh-CN" if language == "zh" else "en-GB")
                context.set_default_timeout(20_000)
                cookies = {"language": language} | ({"sid": self._secret(login)} if login else {})
                context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
                for shot in shots:
                    try:
                        self._take(context.new_page(), shot, shot.path.format(**places), language)
                    except Error as fault:
                        self.missing.append(f"{language}/{shot.name}: {fault}")
                context.close()

    def places(self) -> dict[str, Any]:
        """Return what the addresses of the last pictures name: a unit, its newest score sheet, papers."""
        with transaction(self.world.sessions) as session:
            newest = select(ScoreSheet).where(ScoreSheet.unit == UNIT).order_by(ScoreSheet.made_at.desc()).limit(1)
            sheet = session.scalars(newest).one()
            paper = publications.listing(session, publications.CIRCULARS).rows[0]
            return {"unit": sheet.unit, "sheet": sheet.id, "document": paper.id, "notice": self.notice().id} | {
                "draft": self.draft(),
                "changeover": self.changeover(),
                "year": clock.today().year + 1,  # when those of the odd years come again
            }

    def draft(self) -> UUID:
        """Return a draft of the programme that changes a form; begin it the first time."""
        with transaction(self.world.sessions) as session:
            owner = identity.load(session, "liuguan")
            found = [row.id for row in revisions.listing(session, owner)]
            return found[0] if found else begin_draft(session, owner)

    def changeover(self) -> UUID:
        """Return what the draft would mean for every running case."""
        with transaction(self.world.sessions) as session:
            owner = identity.load(session, "liuguan")
            files = revisions.files(session, owner, self.draft())
            return changeovers.rehearse(session, owner, "innovative-city", files)

    def notice(self) -> publications.PublicationRow:
        """Return the last notice that was open to objections."""
        with transaction(self.world.sessions) as session:
            return publications.listing(session, (publications.NOTICE,)).rows[0]

    def _hold(self, world: World, login: str, work: Work, answers: dict[str, Any]) -> None:
        """Let the person have claimed the task and be half way through it."""
        with transaction(world.sessions) as session:
            actor = identity.load(session, login)
            tasks.claim(session, actor, work.task)
            drafts.save(session, actor, work.task, answers)

    def _secret(self, login: str) -> str:
        with transaction(self.world.sessions) as session:
            person = identity.load(session, login).id
            return identity.begin(session, person, Kind.WEB, Limits.of(self.world.settings))

    @contextmanager
    def _served(self, world: World) -> Iterator[str]:
        server = make_server("127.0.0.1", 0, create_app(world.settings, world.sessions), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _take(self, page: Page, shot: Shot, address: str, language: str) -> None:
        page.set_viewport_size({"width": shot.width, "height": shot.height})
        refused: list[str] = []
        page.on("response", lambda reply: refused.append(reply.url) if not reply.ok else None)
        page.goto(address)
        page.wait_for_load_state("networkidle")
        for click in shot.clicks:
            found = page.locator(click).locator("visible=true")
            if not found.count():
                page.locator(".more-acts summary").click()
            found.first.click()
            page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        if refused:
            raise Error(f"refused: {refused}")
        small = self._reduced(page.screenshot(animations="disabled", caret="hide"))
        for path in self._paths(shot.name, language):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(small)
            self.written.append(f"{path.relative_to(ROOT)} {len(small) // 1024} KB")
            sys.stderr.write(f"{self.written[-1]}\n")
        page.close()

    def _paths(self, name: str, language: str) -> Iterator[Path]:
        yield PICTURES / language / f"{name}.png"
        if name in UPPER and language == "zh":
            yield PICTURES / f"{name}.png"

    def _reduced(self, picture: bytes) -> bytes:
        """Return a picture in few colours, which is what keeps it small."""
        page = self.browser.new_page()
        told = page.evaluate(REDUCE, [base64.b64encode(picture).decode(), COLOURS])
        page.close()
        return png(told["width"], told["colours"], base64.b64decode(told["points"]))


def begin_draft(session: Session, owner: Actor) -> UUID:
    """Begin a draft that asks one thing more of whoever writes the plan of a pilot."""
    draft = revisions.begin(session, owner, "innovative-city", "部门会审增加一项说明").id
    file = revisions.read(session, owner, draft, "forms/T24_department_opinion.form")
    form = json.loads(file.content)
    form["components"].append({"type": "text", "id": "text_more", "text": "请写明依据。"})
    content = json.dumps(form, ensure_ascii=False, indent=2).encode()
    revisions.save(session, owner, draft, file.path, content, file.version)
    revisions.describe(session, owner, draft, "部门会审增加一项说明", "2026年会审办法第三条")
    return draft


def png(width: int, colours: list[list[int]], points: bytes) -> bytes:
    """Return a PNG of indexed colours (ISO/IEC 15948): `colours` are [red, green, blue], `points` their indices."""
    rows = [points[at : at + width] for at in range(0, len(points), width)]
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    content = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    parts = (
        (b"IHDR", header),
        (b"PLTE", bytes(one for colour in colours for one in colour)),
        (b"IDAT", content),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def main() -> int:
    """Play both stories and take every picture; return 0 when none is missing."""
    settings, stories = load(var=str(FOLDER)), sys.argv[1:] or ["county", "province"]
    with sync_playwright() as playwright, postgres.owned(settings) as url:
        studio = Studio(playwright.chromium.launch(executable_path=BROWSER, args=FLAGS))
        for story in stories:
            studio.story = story
            with redirect_stdout(io.StringIO()):
                demo.run(settings, url, story, "zh", studio)
            if story == "province":
                clock.travel(studio.last + timedelta(days=1))
                for login, shots in WHOLE:
                    studio.take(login, shots, studio.places())
                clock.travel(datetime.combine(studio.notice().begins or clock.today(), NOON, tzinfo=CIVIL))
                studio.take("", OPEN, studio.places())
                clock.come_home()
    studio.missing += [f"no moment came for {key}" for key in MOMENTS if key not in studio.taken and key[0] in stories]
    print(*studio.written, f"{len(studio.written)} pictures", *studio.missing, sep="\n")
    return 1 if studio.missing else 0


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


if __name__ == "__main__":
    sys.exit(main())
