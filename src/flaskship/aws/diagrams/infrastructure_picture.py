"""The picture of the infrastructure: what people's requests pass, what pods reach, what watches all of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flaskship.aws.diagrams.canvas import Canvas, wrapped
from flaskship.aws.diagrams.cards import LINE, PAD, SIZE, Card, draw_row
from flaskship.aws.diagrams.model import ANYWHERE, Infrastructure, Item

EDGE, GAP, BETWEEN = 28, 18, 76
LEFT, MIDDLE, RIGHT = 316, 640, 330
TOP = 186
CONTAINERS = {"migrate"}
"""Log groups of the app stack that are a container's beside an application, which may not have that name."""
FOOT = 56


def infrastructure_svg(found: Infrastructure) -> str:
    """Return the picture as SVG."""
    canvas, width, height = draw_infrastructure(found)
    return canvas.svg(width, height)


def draw_infrastructure(found: Infrastructure) -> tuple[Canvas, float, float]:
    """Return the picture with its width and height."""
    canvas = Canvas(
        "infrastructure",
        f"The AWS infrastructure of {found.environment}",
        f"The cluster {found.cluster.name}, its database, and the services around them, by stack; "
        "drawn from the Terraform code.",
    )
    return _Infrastructure(found, canvas).draw()


@dataclass(frozen=True, slots=True)
class _Marks:
    """Heights that arrows from the sides meet, and the right edge of the applications."""

    alb: float
    nodes: float
    rights: float
    edge: float


class _Infrastructure:
    def __init__(self, found: Infrastructure, canvas: Canvas) -> None:
        self.found, self.canvas = found, canvas
        self.left = EDGE + GAP
        self.middle = self.left + LEFT + BETWEEN
        self.right = self.middle + MIDDLE + BETWEEN
        self.width = self.right + RIGHT + GAP + EDGE

    def draw(self) -> tuple[Canvas, float, float]:
        # The frame lies behind all, and its height is known last: what it holds is drawn twice.
        trial = Canvas("trial", "", "")
        canvas, self.canvas = self.canvas, trial
        bottom = self._inside()
        self.canvas = canvas
        canvas.text(EDGE, 40, f"Infrastructure of {self.found.environment}", size=22, bold=True)
        counts = ", ".join(f"{name} {count}" for name, count in self.found.resources)
        total = sum(count for _, count in self.found.resources)
        canvas.text(
            EDGE,
            62,
            f"Drawn from the Terraform code: {total} resources. By stack: {counts}.",
            size=13,
            colour="soft",
        )
        canvas.box(EDGE, TOP, self.width - 2 * EDGE, bottom + GAP - TOP, fill="panel", round_=10)
        canvas.badge(self.left + 14, TOP - 13, "AWS", "ink")
        canvas.tag(self.left + 88, TOP, self.found.network.region, size=12)
        self._inside()
        self._legend(bottom + GAP + 30)
        return canvas, self.width, bottom + GAP + FOOT

    def _items(self, *services: str) -> list[Item]:
        return [one for service in services for one in self.found.items if one.service == service]

    def _card(
        self, letters: str, colour: str, title: str, *services: str, lines: Iterable[str] | None = None
    ) -> Card:
        items = self._items(*services)
        stacks = ", ".join(sorted({one.stack for one in items}))
        said = tuple(one.text for one in items) if lines is None else tuple(lines)
        return Card(letters, colour, title, stacks, said)

    def _inside(self) -> float:
        canvas, top = self.canvas, TOP + 40
        bottom, marks = self._vpc(top)
        below = max(bottom, self._left(top, marks), self._right(top, marks)) + 48
        x = self.middle + MIDDLE / 2
        canvas.arrow([(x, bottom), (x, below)], colour="watch")
        canvas.tag(x, (bottom + below) / 2 - 4, "logs, metrics, traces", colour="watch")
        wide = self.width - 2 * (EDGE + GAP)
        below = draw_row(canvas, self._watching(), self.left, below, wide, GAP) + GAP
        return self._roles(below, wide) if self.found.roles else below

    def _vpc(self, top: float) -> tuple[float, _Marks]:
        found, canvas, database = self.found, self.canvas, self.found.database
        x, wide = self.middle + GAP, MIDDLE - 2 * GAP
        lines = ("in the public subnets: ends TLS, sends people from 80 to 443",)
        balancer = Card("ALB", "public", "Application Load Balancer", "by the Ingress", lines, dashed=True)
        where = "Multi-AZ" if database.spread else "one zone"
        said = (database.size, ", ".join(database.facts))
        rds_card = Card("RDS", "data", f"{database.engine}, {where}", "app", said)
        alb = top + 44
        eks = alb + balancer.height(wide) + 46
        rds = eks + self._cluster_height(wide) + 46
        bottom = rds + rds_card.height(wide) + GAP
        canvas.box(self.middle, top, MIDDLE, bottom - top, fill="page", stroke="network", thick=2, round_=8)
        canvas.badge(self.middle, top, "VPC", "network")
        title = f"{found.network.name}  {found.network.cidr}"
        canvas.text(self.middle + 34, top + 18, title, size=13, bold=True)
        balancer.draw(canvas, x, alb, wide)
        pods, pods_bottom, nodes = self._cluster(x, eks, wide)
        lane = x + wide * 3 / 4
        canvas.box(lane - 70, 92, 140, 36, round_=18, stroke="ink")
        canvas.text(lane, 115, "People", size=14, bold=True, anchor="middle")
        for start, end, ports, colour, at in (
            (128.0, alb, self._ports(ANYWHERE, "alb"), "public", 158.0),
            (eks - 46, pods, self._ports("alb", "nodes"), "public", eks - 23),
            (pods_bottom, rds, self._ports("nodes", "database"), "data", rds - 23),
        ):
            canvas.arrow([(lane, start), (lane, end)], colour=colour)
            canvas.tag(lane, at, ports, colour=colour)
        rds_card.draw(canvas, x, rds, wide)
        return bottom, _Marks(alb + balancer.height(wide) / 2, nodes, pods_bottom - 18, x + wide - PAD)

    def _lists(self) -> list[tuple[str, str]]:
        cluster = self.found.cluster
        lists = (
            ("Control plane", "; ".join(cluster.facts)),
            ("Add-ons", ", ".join(cluster.addons)),
            ("Platform, by Helm", ", ".join(sorted(cluster.charts))),
            ("Karpenter hears", "; ".join(cluster.karpenter)),
        )
        return [(name, text) for name, text in lists if text]

    def _pods(self) -> Card:
        """The applications with a log group of their own, and the role that the app stack makes."""
        prefix = f"/my-app/{self.found.environment}/"
        groups = [
            one.text for one in self._items("logs") if one.stack == "app" and one.text.startswith(prefix)
        ]
        names = [text.removeprefix(prefix).split(",")[0] for text in groups]
        names = [name for name in names if name not in CONTAINERS]
        roles = [role.name for role in self.found.roles if role.stack == "app"]
        rights = [f"rights by {', '.join(roles)}"] if roles else []
        return Card("POD", "compute", "Applications", "by Helm", (*names, *rights), dashed=True)

    def _node_cards(self) -> list[Card]:
        return [
            Card(
                "EC2",
                "compute",
                f"Nodes {nodes.name}",
                f"{nodes.smallest} to {nodes.largest}",
                (", ".join(nodes.types), f"{nodes.disk}, {', '.join(nodes.zones)}"),
            )
            for nodes in self.found.cluster.nodes
        ]

    def _nodes_height(self, each: float) -> float:
        cards = self._node_cards()
        return sum(card.height(each) for card in cards) + GAP * (len(cards) - 1)

    @staticmethod
    def _beside(wide: float) -> float:
        """How wide lists may be: the arrow to the database passes right of them."""
        return wide * 3 / 4 - PAD - 16

    def _cluster_height(self, wide: float) -> float:
        inner = wide - 2 * PAD
        each = (inner - GAP) / 2
        boxes = max(self._nodes_height(each), self._pods().height(each))
        lists = sum(1 + len(wrapped(text, SIZE, self._beside(wide))) for _, text in self._lists())
        return 46 + boxes + 12 + lists * LINE + len(self._lists()) * 5 + PAD / 2

    def _cluster(self, x: float, y: float, wide: float) -> tuple[float, float, float]:
        """Draw the cluster; return the applications' top and bottom, and where the nodes begin."""
        canvas, cluster, inner = self.canvas, self.found.cluster, wide - 2 * PAD
        high = self._cluster_height(wide)
        canvas.box(x, y, wide, high, fill="panel", stroke="compute", thick=1.6)
        canvas.badge(x + 8, y + 8, "EKS", "compute")
        canvas.text(x + 42, y + 26, f"{cluster.name}, Kubernetes {cluster.version}", size=13, bold=True)
        canvas.text(x + wide - PAD, y + 26, "platform", size=10.5, colour="soft", anchor="end")
        each, top = (inner - GAP) / 2, y + 46
        boxes = max(self._nodes_height(each), self._pods().height(each))
        self._pods().draw(canvas, x + PAD + each + GAP, top, each, boxes)
        below = top
        for card in self._node_cards():
            below = card.draw(canvas, x + PAD, below, each) + GAP
        below = top + boxes + 12
        for name, text in self._lists():
            below = canvas.lines(x + PAD, below, [name], self._beside(wide), bold=True, colour="ink")
            below = canvas.lines(x + PAD, below, [text], self._beside(wide)) + 5
        return top, top + boxes, top + 20

    def _left(self, top: float, marks: _Marks) -> float:
        canvas, edge, gap = self.canvas, self.left + LEFT, self.left + LEFT + BETWEEN / 2
        certificates = self._card("ACM", "security", "Certificates", "certificates")
        images = self._card("ECR", "compute", "Images", "images")
        y = certificates.draw(canvas, self.left, top, LEFT)
        canvas.arrow([(edge, marks.alb), (self.middle + GAP, marks.alb)], colour="security")
        canvas.tag(gap, marks.alb, "TLS", colour="security")
        start = max(y + 46, marks.nodes - 30)
        y = images.draw(canvas, self.left, start, LEFT) + GAP
        pull = start + 30
        canvas.arrow([(edge, pull), (self.middle + GAP + PAD, pull)], colour="compute")
        canvas.tag(gap, pull, "pull", colour="compute")
        middle, side = self.left + LEFT / 2, self.left - 9
        canvas.box(middle - 80, 92, 160, 36, round_=18, stroke="ink")
        canvas.text(middle, 115, "GitHub Actions", size=14, bold=True, anchor="middle")
        points = [(middle - 80, 110), (side, 110), (side, start + 22), (self.left, start + 22)]
        canvas.arrow(points, colour="delivery")
        canvas.tag(self.left + 66, start - 22, "push, by OIDC", colour="delivery")
        for card in (
            self._card("GD", "security", "Detection", "detection"),
            self._card("AC", "security", "Whole account", "account", "identity"),
        ):
            y = card.draw(canvas, self.left, y, LEFT) + GAP
        return y - GAP

    def _right(self, top: float, marks: _Marks) -> float:
        canvas, lane, y = self.canvas, self.right - BETWEEN / 2 + 10, top
        reached = [marks.rights]
        for card in (
            self._card("S3", "public", "Buckets", "buckets"),
            self._card("SEC", "security", "Secrets Manager", "secrets"),
            self._card("PAR", "watch", "Parameter Store", "parameters"),
        ):
            reached.append(y + 22)
            canvas.arrow([(lane, y + 22), (self.right, y + 22)], colour="security")
            y = card.draw(canvas, self.right, y, RIGHT) + GAP
        canvas.arrow([(marks.edge, marks.rights), (lane, marks.rights)], colour="security", heads="none")
        canvas.arrow([(lane, min(reached)), (lane, max(reached))], colour="security", heads="none")
        for card in (
            self._card("KMS", "security", "Keys", "keys"),
            self._card("$", "delivery", "Cost", "cost"),
            self._card("SNS", "watch", "Whom alarms and budgets tell", "topics"),
        ):
            y = card.draw(canvas, self.right, y, RIGHT) + GAP
        return y - GAP

    def _watching(self) -> list[Card]:
        alarms = [one.text for one in self._items("alarms")]
        queries = [one.text.split("/")[-1] for one in self._items("queries")]
        metrics = [one.text for one in self._items("metrics")]
        lists = {
            "Alarms": alarms,
            "Dashboards": [one.text for one in self._items("dashboards")],
            "Queries": queries,
            "Metrics from logs": metrics,
        }
        said = [f"{name}: {', '.join(some)}" for name, some in lists.items() if some]
        return [
            self._card("CW", "watch", "Log groups", "logs"),
            self._card("CW", "watch", "CloudWatch", "alarms", "metrics", lines=said),
            self._card("XR", "watch", "X-Ray", "tracing"),
        ]

    def _roles(self, y: float, wide: float) -> float:
        canvas, columns, each = self.canvas, 3, (wide - 2 * PAD - 2 * GAP) / 3
        rows = [
            self.found.roles[index : index + columns] for index in range(0, len(self.found.roles), columns)
        ]
        highs = [max(1 + len(wrapped(role.purpose, SIZE, each)) for role in row) * LINE + 6 for row in rows]
        card = Card("IAM", "security", "Roles: rights without a stored key", "", ())
        below = card.draw(canvas, self.left, y, wide, 44 + sum(highs) + 4)
        y += 42
        for row, high in zip(rows, highs, strict=True):
            for column, role in enumerate(row):
                x = self.left + PAD + column * (each + GAP)
                canvas.text(x + each, y + SIZE, role.stack, size=10, colour="soft", anchor="end")
                under = canvas.lines(x, y, [role.name], each - 70, bold=True, colour="ink")
                canvas.lines(x, under, [role.purpose], each)
            y += high
        return below

    def _ports(self, source: str, group: str) -> str:
        for rule in self.found.network.rules:
            if (rule.source, rule.group) == (source, group):
                return ", ".join(rule.ports)
        return "closed"

    def _legend(self, y: float) -> None:
        canvas, x = self.canvas, float(EDGE)
        canvas.box(x, y - 14, 30, 18, dashed=True, stroke="public")
        canvas.text(x + 38, y, "made in the cluster, not by Terraform", size=11, colour="soft")
        canvas.text(x + 300, y, "Grey words beside a title: the stack that holds it.", size=11, colour="soft")
