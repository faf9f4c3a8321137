"""Dumping a list: pages in, JSON Lines out, with a checkpoint that a kill cannot spoil."""

from ._dump import Dump as Dump, Watcher as Watcher
from ._job import Job as Job
