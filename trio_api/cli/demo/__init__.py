"""The demonstration: the Unicode character database crawled in every style and mode, each record checked."""

from ._character import Character as Character, expected_characters as expected_characters
from ._crawls import CRAWLS as CRAWLS, Crawl as Crawl, Mode as Mode
from ._report import report as report
from ._run import Demo as Demo, Result as Result, WrongRecord as WrongRecord
