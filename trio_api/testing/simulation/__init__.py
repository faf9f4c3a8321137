"""Runs that chance decides and a seed repeats: the scheduler, the network, the server, the clock."""

from __future__ import annotations

from ._chaos import Chaos as Chaos
from ._report import SimulationReport as SimulationReport
from ._simulate import simulate as simulate
from ._simulation import Simulation as Simulation
