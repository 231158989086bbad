"""A flow as a picture: a row for each lane, steps from left to right in the order of what they wait for."""

from flaskship.aws.diagrams.canvas import Canvas, wrapped
from flaskship.aws.diagrams.flows import Flow, Lane, Step

EDGE, GAP, HEAD = 28, 18, 96
NAME, WIDE, BETWEEN = 210, 226, 44
ABREAST, BUS = 4, 36
SIZE, TITLE, PAD = 11, 12.5, 12
LINE = SIZE * 1.36


def flow_svg(flow: Flow) -> str:
    """Return the picture as SVG."""
    canvas, width, height = draw_flow(flow)
    return canvas.svg(width, height)


def draw_flow(flow: Flow) -> tuple[Canvas, float, float]:
    """Return the picture with its width and height."""
    said = "; ".join(f"{lane.name}: {', '.join(step.name for step in lane.steps)}" for lane in flow.lanes)
    canvas = Canvas(flow.name, flow.title, f"{said}. {flow.remark}")
    canvas.text(EDGE, 40, flow.title, size=22, bold=True)
    canvas.text(EDGE, 62, flow.remark, size=13, colour="soft")
    most = max((len(columns_of(lane)) for lane in flow.lanes), default=1)
    width = 2 * EDGE + NAME + most * (WIDE + BETWEEN) + GAP
    y, last = float(HEAD), None
    for lane in flow.lanes:
        if lane.entered and last is not None:
            y += 46
        high = _lane_height(lane)
        canvas.box(EDGE, y, width - 2 * EDGE, high, fill="panel", round_=10)
        places = _lane(canvas, lane, y, high)
        if lane.entered and last is not None:
            _enter(canvas, lane, last, places, y)
        last = _last_place(lane, places)
        y += high + GAP
    return canvas, width, y - GAP + EDGE


def columns_of(lane: Lane) -> list[list[Step]]:
    """Return the steps by how many come before them; a circle of steps would never end and is cut.

    Steps that all begin at once have no order: they stand side by side.
    """
    if _at_once(lane):
        return [list(lane.steps[index::ABREAST]) for index in range(min(ABREAST, len(lane.steps)))]
    names = {step.name: step for step in lane.steps}

    def depth(step: Step, seen: frozenset[str]) -> int:
        before = [names[name] for name in step.after if name in names and name not in seen]
        return 1 + max((depth(one, seen | {step.name}) for one in before), default=-1)

    columns: dict[int, list[Step]] = {}
    for step in lane.steps:
        columns.setdefault(depth(step, frozenset()), []).append(step)
    return [columns[index] for index in sorted(columns)]


def _at_once(lane: Lane) -> bool:
    return len(lane.steps) > 1 and not any(step.after for step in lane.steps)


def _height(step: Step) -> float:
    titles = len(wrapped(step.name, TITLE, WIDE - 2 * PAD, bold=True))
    lines = sum(len(wrapped(line, SIZE, WIDE - 2 * PAD)) for line in step.lines)
    return titles * TITLE * 1.36 + lines * LINE + 2 * PAD + 4


def _lane_height(lane: Lane) -> float:
    columns = max(sum(_height(step) + GAP for step in column) for column in columns_of(lane))
    label = 30 + sum(len(wrapped(line, SIZE, NAME - 2 * PAD)) for line in lane.lines) * LINE
    return max(columns + GAP + (BUS if _at_once(lane) else 0), label + 2 * PAD)


Places = dict[str, tuple[float, float, float]]


def _lane(canvas: Canvas, lane: Lane, y: float, high: float) -> Places:
    canvas.lines(EDGE + PAD, y + PAD, [lane.name], NAME - 2 * PAD, size=16, bold=True, colour="ink")
    canvas.lines(EDGE + PAD, y + PAD + 28, lane.lines, NAME - 2 * PAD)
    places: Places = {}
    for index, column in enumerate(columns_of(lane)):
        left = float(EDGE + NAME + index * (WIDE + BETWEEN))
        tall = sum(_height(step) for step in column) + GAP * (len(column) - 1)
        below = y + (BUS + GAP / 2 if _at_once(lane) else (high - tall) / 2)
        for step in column:
            places[step.name] = (left, below, _height(step))
            below += _height(step) + GAP
    if _at_once(lane):
        for step in lane.steps[:ABREAST]:
            x, top, _ = places[step.name]
            level, begin = y + BUS / 2, float(EDGE + NAME - 36)
            canvas.arrow([(begin, level), (x + WIDE / 2, level), (x + WIDE / 2, top)])
    for step in lane.steps:
        for name in step.after:
            if name in places:
                _follow(canvas, places[name], places[step.name])
    for step in lane.steps:
        _step(canvas, step, *places[step.name])
    return places


def _step(canvas: Canvas, step: Step, x: float, y: float, high: float) -> None:
    canvas.box(x, y, WIDE, high, stroke=step.colour, thick=1.5, round_=8)
    canvas.box(x, y, 5, high, fill=step.colour, stroke=step.colour, round_=2)
    below = canvas.lines(
        x + PAD + 2, y + PAD - 2, [step.name], WIDE - 2 * PAD, size=TITLE, bold=True, colour="ink"
    )
    canvas.lines(x + PAD + 2, below + 4, step.lines, WIDE - 2 * PAD)


def _follow(canvas: Canvas, start: tuple[float, float, float], end: tuple[float, float, float]) -> None:
    """An arrow from the middle of a step's right side to the left side of a later one."""
    (x1, y1, h1), (x2, y2, h2) = start, end
    x1, y1, y2 = x1 + WIDE, y1 + h1 / 2, y2 + h2 / 2
    lane = x2 - BETWEEN / 2
    canvas.arrow([(x1, y1), (x2, y2)] if abs(y1 - y2) < 1 else [(x1, y1), (lane, y1), (lane, y2), (x2, y2)])


def _last_place(lane: Lane, places: Places) -> tuple[float, float, float] | None:
    return places[lane.steps[-1].name] if lane.steps else None


def _enter(canvas: Canvas, lane: Lane, last: tuple[float, float, float], places: Places, y: float) -> None:
    """An arrow from the last step of the lane above to the first one of this lane."""
    x1, bottom = last[0] + WIDE / 2, last[1] + last[2]
    first = places[lane.steps[0].name]
    x2, top = first[0] + WIDE / 2, first[1]
    level = y - 23
    canvas.arrow([(x1, bottom), (x1, level), (x2, level), (x2, top)], colour="delivery", thick=2)
    canvas.tag((x1 + x2) / 2, level, lane.entered, colour="delivery", size=12)
