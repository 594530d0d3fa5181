"""Miners that speak the CGMiner API and nothing else."""

from .adapter import PORT, CgminerMiner

__all__ = ["PORT", "CgminerMiner"]
