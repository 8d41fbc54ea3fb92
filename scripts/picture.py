#!/usr/bin/env python3
"""Draws what a program sent to a terminal as SVG.

    picture.py COLUMNS ROWS TITLE [COMMAND] < BYTES > SVG

COMMAND is written above it behind a prompt. pyte is the terminal, rich draws
its screen. Two runs give the same file for the same screen; times of day are
made the same, because they are the only thing that differs between two screens.
"""

import re
import sys
from html import unescape
from itertools import groupby

import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text

THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34),
     (88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)],
    [(110, 118, 129), (255, 161, 152), (86, 211, 100), (227, 179, 65),
     (121, 192, 255), (210, 168, 255), (86, 212, 221), (240, 246, 252)],
)


class Screen(pyte.Screen):
    """A screen with two more things than pyte knows: what is dim is struck through, and the
    first 16 of 256 colours are those that have a name."""

    def select_graphic_rendition(self, *attrs, **kwargs):
        codes, rest = [], list(attrs)
        while rest:
            code = rest.pop(0)
            if code in (38, 48) and rest[:1] == [5] and len(rest) > 1:
                number = rest[1]
                del rest[:2]
                if number < 8:
                    codes.append(code - 8 + number)
                elif number < 16:
                    codes.append(code + 52 + number - 8)
                else:
                    codes += [code, 5, number]
            elif code in (38, 48) and rest[:1] == [2]:
                codes += [code] + rest[:4]
                del rest[:4]
            else:
                codes += {2: [9], 22: [22, 29]}.get(code, [code])
        super().select_graphic_rendition(*codes, **kwargs)


def colour(name):
    if name == "default":
        return None
    name = {"brown": "yellow"}.get(name, name)
    if re.fullmatch("[0-9a-f]{6}", name):
        return "#" + name
    return re.sub("^bright", "bright_", name)


def style(cell):
    return Style(
        color=colour(cell.fg), bgcolor=colour(cell.bg), bold=cell.bold, dim=cell.strikethrough,
        italic=cell.italics, underline=cell.underscore, reverse=cell.reverse,
    )


def line(cells, columns):
    """A line of the screen. Each time of day is the same one."""
    text = Text(no_wrap=True, end="")
    row = "".join(cells[column].data or " " for column in range(columns))
    row = re.sub(r"\b[0-2]\d:[0-5]\d:[0-5]\d\b", "09:00:00", row)
    # What ends the line is left out, unless it has a colour of its own.
    styles = [style(cells[column]) for column in range(columns)]
    while styles and row.endswith(" ") and not styles[-1].bgcolor and not styles[-1].reverse:
        row, styles = row[:-1], styles[:-1]
    for same, run in groupby(zip(styles, row), key=lambda pair: pair[0]):
        text.append("".join(character for _, character in run), same)
    return text


def without_blanks(found):
    """A text element of rich's without the blanks around it, which some viewers do not draw."""
    before, x, middle, length, after, text = found.groups()
    blank, width = "&#160;", float(length) / max(1, len(unescape(found["text"])))
    while text.startswith(blank):
        text, x, length = text[len(blank):], float(x) + width, float(length) - width
    while text.endswith(blank):
        text, length = text[:-len(blank)], float(length) - width
    if not text.strip():
        return ""
    return f"{before}{float(x):g}{middle}{float(length):g}{after}{text}</text>"


def main():
    columns, rows, title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    screen = Screen(columns, rows)
    pyte.ByteStream(screen).feed(sys.stdin.buffer.read())
    lines = [line(screen.buffer[row], columns) for row in range(rows)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    if len(sys.argv) > 4:
        lines.insert(0, Text.assemble(("$ ", "dim"), (sys.argv[4], "bold"), end=""))
    console = Console(record=True, width=columns, file=open("/dev/null", "w"),
                      force_terminal=True, color_system="truecolor", legacy_windows=False)
    for each in lines:
        console.print(each)
    # A picture of a document fetches no fonts from anywhere.
    form = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("font-variant-east-asian: full-width;", "")
    form = form.replace("Fira Code, monospace", "Fira Code, DejaVu Sans Mono, Menlo, Consolas, monospace")
    svg = console.export_svg(title=title, theme=THEME, code_format=form, unique_id="virtplug")
    element = r'(<text [^>]*?\bx=")([\d.]+)(" [^>]*?textLength=")([\d.]+)("[^>]*>)(?P<text>[^<]*)</text>'
    print(re.sub(element, without_blanks, svg))


if __name__ == "__main__":
    main()
