"""The one font of all figures: the file that matplotlib brings along.

matplotlib looks a font up by name, in a list of all fonts of the machine that it keeps in the
user's cache. Another font of the same name, or a list that is stale, would change the bytes of a
figure. A text that names its file is not looked up.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties


@cache
def file() -> str:
    """Path of the font."""
    import matplotlib as mpl

    return str(Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))


@cache
def glyphs() -> frozenset[int]:
    """Read which characters the font can draw."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(file()).get_charmap())


def of_size(size: float) -> FontProperties:
    """The font in a size, in points."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=file(), size=size)


def pin(figure: Figure) -> None:
    """Let every text of a figure name the font's file; sizes and styles stay.

    To be called when the figure is complete: texts that are added later are looked up by name.
    """
    from matplotlib.text import Text

    texts: Any = figure.findobj(Text)
    for text in texts:
        font = text.get_fontproperties().copy()
        font.set_file(file())
        text.set_fontproperties(font)
