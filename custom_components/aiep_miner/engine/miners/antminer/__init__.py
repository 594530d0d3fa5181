"""Stock Antminers, and other firmware whose ``stats`` reply lists every sensor."""

from .make import StatsSensors

__all__ = ["StatsSensors"]
