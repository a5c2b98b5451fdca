"""What all command lines share: their options, what they print, and how they end."""

from searchspace.cli.command import INTERRUPTED, MISTAKE, fail, run, start
from searchspace.cli.console import Console, output, remark, show, table
from searchspace.cli.options import Parser, add_limits, add_option, load_named, setting, whole

__all__ = ["INTERRUPTED", "MISTAKE", "Console", "Parser", "add_limits", "add_option", "fail",
           "load_named", "output", "remark", "run", "setting", "show", "start", "table", "whole"]
