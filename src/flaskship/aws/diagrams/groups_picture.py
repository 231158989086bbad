"""Security groups in layers, from whoever is outside to the database, with an arrow for who may connect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flaskship.aws.diagrams.canvas import Canvas, wrapped
from flaskship.aws.diagrams.model import Group, Network, Rule

WIDE, HIGH, BETWEEN_X = 212, 84, 36
# The lines of ports on an arrow, two ports in each.
PORTS = 15
# Room beside the boxes for what passes by a layer, and for a group's own loop.
SIDE = 56
OUTSIDE = 40
Places = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Step:
    """An arrow between two neighbouring layers: where it leaves the upper box and meets the lower one."""

    rule: Rule
    upper: float
    lower: float
    top: float
    bottom: float
    down: bool


def layers_of(network: Network) -> list[list[str]]:
    """Return names by distance from outside: a group stands below the first that may reach it."""
    names = {group.name for group in network.groups}
    depth = {rule.source: 0 for rule in network.rules if rule.source not in names}
    waiting = sorted(depth)
    while waiting:
        source = waiting.pop(0)
        for rule in network.rules:
            if rule.source == source and rule.group not in depth:
                depth[rule.group] = depth[source] + 1
                waiting.append(rule.group)
    for name in sorted(names - depth.keys()):
        depth[name] = 1
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in sorted(depth):
        layers[depth[name]].append(name)
    for index, layer in enumerate(layers):
        _by_parents(layer, layers[index - 1] if index else [], network)
    return layers


def _by_parents(layer: list[str], above: list[str], network: Network) -> None:
    def place(name: str) -> tuple[float, str]:
        sources = [rule.source for rule in network.rules if rule.group == name and rule.source in above]
        parents = [above.index(source) for source in sources]
        return (sum(parents) / len(parents) if parents else len(above), name)

    layer.sort(key=place)


def groups_size(network: Network) -> tuple[float, float]:
    """Return how much room the groups take."""
    layers = layers_of(network)
    most = max((len(layer) for layer in layers), default=1)
    high = len(layers) * (HIGH + _between(network)) - _between(network)
    return 2 * SIDE + most * WIDE + (most - 1) * BETWEEN_X, high


def _between(network: Network) -> float:
    """How far layers are apart: there is room for the lanes of arrows and for the longest list of ports."""
    most = max((len(rule.ports) for rule in network.rules), default=0)
    return 56 + PORTS * max(2, (most + 1) // 2)


def draw_groups(canvas: Canvas, network: Network, x: float, y: float) -> None:
    """Draw the groups with the top left corner at x and y."""
    layers = layers_of(network)
    wide, _ = groups_size(network)
    between = _between(network)
    groups = {group.name: group for group in network.groups}
    places: dict[str, tuple[float, float]] = {}
    for row, layer in enumerate(layers):
        left = x + (wide - len(layer) * WIDE - (len(layer) - 1) * BETWEEN_X) / 2
        for column, name in enumerate(layer):
            places[name] = (left + column * (WIDE + BETWEEN_X), y + row * (HIGH + between))
    for step, lane in _laned(_steps(network, places)):
        _draw_step(canvas, step, lane)
    for rule in network.rules:
        _draw_other(canvas, rule, places, x + wide, between)
    for name, (left, top) in places.items():
        _box(canvas, name, groups.get(name), left, top)


def _box(canvas: Canvas, name: str, group: Group | None, x: float, y: float) -> None:
    if group is None:
        canvas.box(x, y + HIGH - OUTSIDE, WIDE, OUTSIDE, round_=20, stroke="ink")
        canvas.text(x + WIDE / 2, y + HIGH - 15, name, size=13, bold=True, anchor="middle")
        return
    canvas.box(x, y, WIDE, HIGH, stroke="private", thick=1.5)
    canvas.badge(x + 8, y + 8, "SG", "security")
    canvas.text(x + 42, y + 25, group.name, size=13, bold=True)
    canvas.lines(x + 9, y + 36, wrapped(group.purpose, 10.5, WIDE - 18)[:2], WIDE - 18, size=10.5)
    reaches = ", ".join(group.reaches) or "nothing"
    canvas.text(x + 9, y + HIGH - 8, f"out: {reaches}", size=10.5, bold=True, colour="soft")


def _steps(network: Network, places: Places) -> list[_Step]:
    """Return the arrows between neighbouring layers; the ends on a box's side never share a place."""
    rules = [rule for rule in network.rules if _neighbours(rule, places, _between(network))]
    ends: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        down = places[rule.group][1] > places[rule.source][1]
        upper, lower = (rule.source, rule.group) if down else (rule.group, rule.source)
        ends.setdefault((upper, "bottom"), []).append(rule)
        ends.setdefault((lower, "top"), []).append(rule)

    def at(name: str, side: str, rule: Rule) -> float:
        def order(one: Rule) -> tuple[float, bool]:
            # Of two arrows between the same boxes the left one is the left one at both ends.
            goes_down = places[one.group][1] > places[one.source][1]
            return places[one.group if one.source == name else one.source][0], not goes_down

        mine = sorted(ends[name, side], key=order)
        return places[name][0] + WIDE * (mine.index(rule) + 1) / (len(mine) + 1)

    found = []
    for rule in rules:
        down = places[rule.group][1] > places[rule.source][1]
        upper, lower = (rule.source, rule.group) if down else (rule.group, rule.source)
        found.append(
            _Step(
                rule,
                at(upper, "bottom", rule),
                at(lower, "top", rule),
                places[upper][1] + HIGH,
                places[lower][1],
                down,
            )
        )
    return found


def _neighbours(rule: Rule, places: Places, between: float) -> bool:
    return 0 < abs(places[rule.group][1] - places[rule.source][1]) < 1.5 * (HIGH + between)


def _laned(steps: Iterable[_Step]) -> list[tuple[_Step, float]]:
    """Give each arrow a height for its level part, so that none crosses another that leaves beside it."""
    found = []
    by_top: dict[float, list[_Step]] = {}
    for step in steps:
        by_top.setdefault(step.top, []).append(step)
    for same in by_top.values():
        left = sorted((one for one in same if one.lower < one.upper), key=lambda one: one.upper)
        right = sorted((one for one in same if one.lower >= one.upper), key=lambda one: -one.upper)
        for some in (left, right):
            found += [(step, step.top + 16 + 12 * index) for index, step in enumerate(some)]
    return found


def _draw_step(canvas: Canvas, step: _Step, lane: float) -> None:
    points = [(step.upper, step.top), (step.upper, lane), (step.lower, lane), (step.lower, step.bottom)]
    if step.upper == step.lower:
        points = [points[0], points[-1]]
    canvas.arrow(points if step.down else reversed(points), colour="private")
    lines = (len(step.rule.ports) + 1) // 2
    _ports(canvas, step.lower, step.bottom - 15 - PORTS * max(lines, 2) / 2, step.rule)


def _draw_other(canvas: Canvas, rule: Rule, places: Places, right: float, between: float) -> None:
    """Draw what is no step to a neighbouring layer: a loop, a group beside, one further away."""
    (x1, y1), (x2, y2) = places[rule.source], places[rule.group]
    if rule.source == rule.group:
        edge = x1 + WIDE
        points = [(edge, y1 + 24), (edge + 24, y1 + 24), (edge + 24, y1 + 64), (edge, y1 + 64)]
        canvas.arrow(points, colour="private")
        _ports(canvas, edge + 26, y1 + 44, rule)
    elif y1 == y2:
        start, end = (x1 + WIDE, x2) if x2 > x1 else (x1, x2 + WIDE)
        canvas.arrow([(start, y1 + 30), (end, y1 + 30)], colour="private")
        _ports(canvas, (start + end) / 2, y1 + 18, rule)
    elif not _neighbours(rule, places, between):
        lane = right - 16
        canvas.arrow(
            [(x1 + WIDE, y1 + HIGH - 20), (lane, y1 + HIGH - 20), (lane, y2 + 14), (x2 + WIDE, y2 + 14)],
            colour="private",
        )
        _ports(canvas, lane - 10, y1 + HIGH + between / 2, rule)


def _ports(canvas: Canvas, x: float, y: float, rule: Rule) -> None:
    """Write the ports on an arrow, two in a line."""
    pairs = [", ".join(rule.ports[index : index + 2]) for index in range(0, len(rule.ports), 2)]
    for index, text in enumerate(pairs):
        comma = "," if index < len(pairs) - 1 else ""
        canvas.tag(x, y + PORTS * (index - (len(pairs) - 1) / 2), text + comma, colour="private")
