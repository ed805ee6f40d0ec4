"""Numbers for Prometheus: readings are grouped by name, beside what the process itself uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from marginbot.domain.message import Reading

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

PREFIX: Final = "marginbot_"


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """A collector of whatever `readings` answers at the moment it is asked."""

    readings: Callable[[], Iterable[Reading]]

    def collect(self) -> Iterable[Metric]:
        """One family for each name. Readings of one name have the same labels, in whatever order."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for reading in self.readings():
            labels = sorted(reading.labels)
            family = families.get(reading.name)
            if family is None:
                kind = CounterMetricFamily if reading.counts else GaugeMetricFamily
                family = families[reading.name] = kind(PREFIX + reading.name, reading.help, labels=labels)
            family.add_metric([reading.labels[label] for label in labels], reading.value)
        return families.values()


def registry_of(readings: Callable[[], Iterable[Reading]]) -> CollectorRegistry:
    """A registry of its own: the library's global one belongs to whoever else lives in the process."""
    from prometheus_client import CollectorRegistry, ProcessCollector

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(Readings(readings))
    return registry


def rendered(registry: CollectorRegistry) -> tuple[bytes, str]:
    """The text format and its content type."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return generate_latest(registry), CONTENT_TYPE_LATEST
