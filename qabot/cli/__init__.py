"""The command line: parse, call, render."""

from qabot.cli.main import run

__all__ = ["run"]
