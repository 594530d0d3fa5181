"""What LuxOS needs beside the library."""

from ..antminer import StatsSensors


class LuxOs(StatsSensors):
    """An Antminer with LuxOS; its ``stats`` reply lists the sensors as a stock Antminer's does."""
