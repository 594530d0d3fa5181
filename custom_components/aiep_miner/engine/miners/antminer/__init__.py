"""Stock Antminers, and other firmware whose ``stats`` reply lists every sensor."""

from .make import Antminer, StatsSensors

__all__ = ["Antminer", "StatsSensors"]
