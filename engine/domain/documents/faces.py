"""Typefaces: which the standard asks for, which of them this installation has, and what stands in for the others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from engine.errors import DocumentRefused

SUBSTITUTE = "Noto Serif SC"


@dataclass(frozen=True)
class Wanted:
    """A typeface of GB/T 9704-2012, the names under which font files carry it, and the weight of its substitute."""

    role: str
    name: str
    families: tuple[str, ...]
    weight: int


WANTED = (
    Wanted("fangsong", "仿宋_GB2312", ("仿宋_GB2312", "FangSong_GB2312", "FangSong", "仿宋", "STFangsong"), 400),
    Wanted("biaosong", "方正小标宋简体", ("方正小标宋简体", "FZXiaoBiaoSong-B05S", "方正小标宋_GBK"), 700),
    Wanted("hei", "黑体", ("黑体", "SimHei", "方正黑体_GBK", "STHeiti"), 700),
    Wanted("kai", "楷体_GB2312", ("楷体_GB2312", "KaiTi_GB2312", "KaiTi", "楷体", "STKaiti"), 500),
    Wanted("song", "宋体", ("宋体", "SimSun", "NSimSun", "STSong"), 400),
)  # fmt: skip


@dataclass(frozen=True)
class Faces:
    """The faces a document is set in, and by name those that had to be substituted."""

    families: Mapping[str, str]
    weights: Mapping[str, int]
    substitutes: Mapping[str, str]
    fonts: typst.Fonts

    @property
    def plain(self) -> dict[str, Any]:
        """Return what the layout reads."""
        return {**self.families, **{f"{role}-weight": weight for role, weight in self.weights.items()}}

    @property
    def notes(self) -> list[str]:
        """Return a sentence for every substitute, for the metadata of a document and its record."""
        return [f"字体替代：{wanted}→{used}" for wanted, used in self.substitutes.items()]


@lru_cache(maxsize=8)
def found(folders: tuple[Path, ...]) -> Faces:
    """Return the faces that the font files in `folders` give; raise DocumentRefused when even the substitute lacks."""
    present = [folder for folder in folders if folder.is_dir()]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=present)
    families = frozenset(fonts.families())
    own = {wanted.role: _first(wanted.families, families) for wanted in WANTED}
    if SUBSTITUTE not in families and None in own.values():
        raise DocumentRefused(why=f"no font {SUBSTITUTE} in " + ", ".join(map(str, folders)))
    return Faces(
        families={role: family or SUBSTITUTE for role, family in own.items()},
        weights={wanted.role: 400 if own[wanted.role] else wanted.weight for wanted in WANTED},
        substitutes={wanted.name: SUBSTITUTE for wanted in WANTED if own[wanted.role] is None},
        fonts=fonts,
    )


def _first(wanted: Iterable[str], families: frozenset[str]) -> str | None:
    return next((family for family in wanted if family in families), None)
