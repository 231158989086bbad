"""The picture of the network: zones as columns, tiers as rows, and who may open a connection to whom."""

from flaskship.aws.diagrams.canvas import Canvas, width_of, wrapped
from flaskship.aws.diagrams.groups_picture import draw_groups, groups_size
from flaskship.aws.diagrams.model import ANYWHERE, Database, Infrastructure, Network, Nodes, Subnet

EDGE, GAP = 28, 18
COLUMN, INSET = 324, 12
# Where arrows pass a subnet, so that its words begin behind it.
LANE, WORDS = 24, 44
ROW = {"public": 126, "private": 178, "database": 114}
OTHER_ROW = 96
# The load balancer's and the gateway's place within the public row.
STANDS = 66
TOP, VPC_TOP, BUSES, ZONE_HEAD = 170, 56, 34, 32
FOOT = 62
COLOUR = {"public": "public", "private": "private", "database": "data"}


def draw_network(found: Infrastructure) -> Canvas:
    """Return the picture, finished: its size is its own."""
    network = found.network
    canvas = Canvas(
        "network",
        f"The network of {found.environment}",
        f"VPC {network.cidr} in {network.region} over {len(network.zones)} availability zones, with its "
        "subnets, ways out, endpoints and security groups; drawn from the Terraform code.",
    )
    return _Network(found, canvas).draw()


def network_svg(found: Infrastructure) -> str:
    """Return the picture as SVG."""
    canvas = draw_network(found)
    return canvas.svg(*size_of(found))


def _grid_width(found: Infrastructure) -> float:
    return len(found.network.zones) * (COLUMN + GAP) + GAP


def _grid_height(found: Infrastructure) -> float:
    return BUSES + ZONE_HEAD + sum(ROW.get(tier, OTHER_ROW) + GAP for tier in found.network.tiers)


def _inside(network: Network) -> list[str]:
    """What the box of endpoints says."""
    kinds = {
        "Interface": "addresses in the private subnets",
        "Gateway": "a route of the private subnets",
    }
    texts = []
    for kind, by in kinds.items():
        if services := [one.service for one in network.endpoints if one.kind == kind]:
            texts.append(f"{', '.join(services)}: by {by}")
    if network.flow_logs:
        texts.append(f"Flow logs: {network.flow_logs}")
    return texts


def _endpoints_height(found: Infrastructure) -> float:
    wide = _grid_width(found) - 2 * GAP - 52
    return 36 + sum(15 * len(wrapped(text, 11, wide)) for text in _inside(found.network))


def size_of(found: Infrastructure) -> tuple[float, float]:
    """Return the width and height that the picture needs."""
    wide, high = groups_size(found.network)
    vpc = VPC_TOP + _grid_height(found) + _endpoints_height(found) + 2 * GAP
    return EDGE + GAP + _grid_width(found) + GAP + wide + EDGE, TOP + max(vpc, high + 96) + FOOT


class _Network:
    def __init__(self, found: Infrastructure, canvas: Canvas) -> None:
        self.found, self.network, self.canvas = found, found.network, canvas
        self.left = EDGE + GAP
        self.top = TOP + VPC_TOP
        self.wide = _grid_width(found)
        self.tops: dict[str, float] = {}
        y = self.top + BUSES + ZONE_HEAD
        for tier in self.network.tiers:
            self.tops[tier] = y
            y += ROW.get(tier, OTHER_ROW) + GAP

    def draw(self) -> Canvas:
        canvas, network = self.canvas, self.network
        width, height = size_of(self.found)
        canvas.text(EDGE, 40, f"Network of {self.found.environment}: {network.name}", size=22, bold=True)
        canvas.text(EDGE, 62, "Drawn from the Terraform code.", size=13, colour="soft")
        canvas.box(EDGE, TOP, width - 2 * EDGE, height - TOP - FOOT, fill="panel", round_=10)
        canvas.badge(EDGE + 10, TOP - 13, "AWS", "ink")
        canvas.tag(EDGE + 84, TOP, network.region, size=12)
        self._vpc()
        self._zones()
        self._buses()
        for subnet in network.subnets:
            self._subnet(subnet)
        self._ways_out()
        self._traffic()
        self._endpoints()
        right = self.left + self.wide + GAP
        canvas.text(right, TOP + 34, "Security groups: who may open a connection", size=14, bold=True)
        canvas.text(right, TOP + 52, "Ports are TCP. Answers need no rule.", size=11, colour="soft")
        draw_groups(canvas, network, right, TOP + 58)
        self._legend(height)
        return canvas

    def _vpc(self) -> None:
        canvas, y = self.canvas, self.top - 28
        high = 28 + _grid_height(self.found) + _endpoints_height(self.found) + GAP
        canvas.box(self.left, y, self.wide, high, fill="page", stroke="network", thick=2, round_=8)
        canvas.badge(self.left, y, "VPC", "network")
        canvas.text(self.left + 34, y + 18, f"{self.network.name}  {self.network.cidr}", size=13, bold=True)

    def _column(self, zone: str) -> float:
        return self.left + GAP + self.network.zones.index(zone) * (COLUMN + GAP)

    def _zones(self) -> None:
        y = self.top + BUSES
        high = _grid_height(self.found) - BUSES - GAP + INSET
        for zone in self.network.zones:
            x = self._column(zone)
            self.canvas.box(x, y, COLUMN, high, fill="panel", dashed=True)
            self.canvas.text(x + COLUMN / 2, y + 21, zone, size=13, bold=True, colour="soft", anchor="middle")

    def _buses(self) -> None:
        """The internet, its gateway, and the lines from there to load balancers and from NAT gateways."""
        canvas, middle = self.canvas, self.left + self.wide / 2
        canvas.box(middle - 70, 78, 140, 36, round_=18, stroke="ink")
        canvas.text(middle, 101, "Internet", size=14, bold=True, anchor="middle")
        if not self.network.internet_gateway or "public" not in self.tops:
            return
        y, stands = self.top - 28, self.tops["public"] + STANDS
        into, out = middle - 24, middle + 24
        for zone in self.network.zones:
            lane = self._column(zone) + INSET + LANE
            canvas.arrow([(into, y + 12), (into, y + 40), (lane, y + 40), (lane, stands)], colour="public")
        for subnet in self.network.subnets:
            if subnet.nat:
                lane = self._column(subnet.zone) + COLUMN - INSET - LANE
                points = [(lane, stands), (lane, y + 52), (out, y + 52), (out, y + 14)]
                canvas.arrow(points, colour="network", dashed=True)
        canvas.arrow([(into, 114), (into, y - 14)], colour="public")
        canvas.arrow([(out, y - 14), (out, 114)], colour="network", dashed=True)
        canvas.tag(into - 2, 140, _ports(self.found, ANYWHERE, "alb"), colour="public")
        canvas.box(middle - 84, y - 14, 168, 28, stroke="network", thick=1.5)
        canvas.badge(middle - 81, y - 11, "IGW", "network", 22)
        canvas.text(middle - 50, y + 5, "Internet gateway", size=12, bold=True)

    def _subnet(self, subnet: Subnet) -> None:
        canvas, colour, y = self.canvas, COLOUR.get(subnet.tier, "soft"), self.tops[subnet.tier]
        x, high, wide = self._column(subnet.zone) + INSET, ROW.get(subnet.tier, OTHER_ROW), COLUMN - 2 * INSET
        canvas.box(x, y, wide, high, fill="page", stroke="page")
        canvas.box(x, y, wide, high, fill=colour, stroke=colour, tint=0.08, thick=1.5)
        if subnet.tier == "public":
            canvas.arrow([(x + LANE, y), (x + LANE, y + STANDS)], colour="public")
            if subnet.nat:
                lane = x + wide - LANE
                canvas.arrow([(lane, y + STANDS), (lane, y)], colour="network", dashed=True, heads="none")
        canvas.text(x + WORDS, y + 19, f"{subnet.tier} subnet", size=12, bold=True, colour=colour)
        canvas.text(x + wide - WORDS, y + 19, subnet.cidr, size=12, bold=True, anchor="end")
        way = f"route: {subnet.way_out}" if subnet.way_out else "no route out of the VPC"
        canvas.lines(x + WORDS, y + 25, [way], wide - 2 * WORDS + 16)
        if subnet.nat:
            self._thing(x + wide - 152, y + STANDS, 142, "NAT", "network", subnet.nat)

    def _thing(
        self, x: float, y: float, wide: float, letters: str, colour: str, name: str, note: str = ""
    ) -> None:
        canvas = self.canvas
        canvas.box(x, y, wide, 46, stroke=colour)
        canvas.badge(x + 8, y + 10, letters, colour)
        canvas.text(x + 42, y + (21 if note else 28), name, size=12, bold=True)
        if note:
            canvas.text(x + 42, y + 36, note, size=10.5, colour="soft")

    def _ways_out(self) -> None:
        """Lines of packets that leave: from the private subnets to their NAT gateway."""
        for subnet in self.network.subnets:
            for zone in self.network.zones:
                if subnet.way_out.endswith(f"NAT gateway in {zone}") and "public" in self.tops:
                    end = self._column(zone) + COLUMN - INSET - 80
                    start = self._column(subnet.zone) + COLUMN - INSET - 80
                    y, lane = self.tops[subnet.tier], self.tops[subnet.tier] - GAP / 2
                    points = [
                        (start, y),
                        (start, lane),
                        (end, lane),
                        (end, self.tops["public"] + STANDS + 46),
                    ]
                    self.canvas.arrow(points if start != end else points[::3], colour="network", dashed=True)

    def _traffic(self) -> None:
        """What people's requests pass: the load balancer, the nodes, the database."""
        canvas, tops, database = self.canvas, self.tops, self.found.database
        for zone in self.network.zones:
            x = self._column(zone) + INSET + 10
            lane = self._column(zone) + INSET + LANE
            nodes = [one for one in self.found.cluster.nodes if zone in one.zones]
            if {"public", "private"} <= tops.keys() and nodes:
                canvas.arrow(
                    [(lane, tops["public"] + STANDS + 46), (lane, tops["private"] + 66)], colour="public"
                )
                canvas.tag(
                    lane, tops["private"] - GAP / 2, _ports(self.found, "alb", "nodes"), colour="public"
                )
            if {"private", "database"} <= tops.keys() and nodes and zone in database.zones:
                canvas.arrow([(lane, tops["private"] + 166), (lane, tops["database"] + 56)], colour="data")
                canvas.tag(
                    lane, tops["database"] - GAP / 2, _ports(self.found, "nodes", "database"), colour="data"
                )
            if "public" in tops:
                y = tops["public"] + STANDS
                canvas.box(x, y, 128, 46, stroke="public", dashed=True)
                canvas.badge(x + 8, y + 10, "ALB", "public")
                canvas.text(x + 41, y + 21, "my-app", size=12, bold=True)
                canvas.text(x + 41, y + 36, "by the Ingress", size=10.5, colour="soft")
            if "private" in tops and nodes:
                self._nodes(x, tops["private"] + 66, nodes)
            if "database" in tops and zone in database.zones:
                wide, y = COLUMN - 2 * INSET - 20, tops["database"] + 56
                self._thing(x, y, wide, "RDS", "data", database.engine, _standing(database))

    def _nodes(self, x: float, y: float, nodes: list[Nodes]) -> None:
        canvas, wide = self.canvas, COLUMN - 2 * INSET - 20
        canvas.box(x, y, wide, 100, stroke="compute")
        canvas.badge(x + 8, y + 10, "EKS", "compute")
        canvas.text(x + 42, y + 28, "Nodes and their pods", size=12, bold=True)
        texts = [
            f"{one.name}: {one.smallest} to {one.largest} in all, {one.types[0]}"
            + (" or alike" if len(one.types) > 1 else "")
            for one in nodes
        ]
        canvas.lines(x + 10, y + 46, texts, wide - 20)

    def _endpoints(self) -> None:
        canvas, y = self.canvas, self.top + _grid_height(self.found) + 4
        x, wide = self.left + GAP, self.wide - 2 * GAP
        canvas.box(x, y, wide, _endpoints_height(self.found) - 4, stroke="network")
        canvas.badge(x + 8, y + 8, "EP", "network")
        canvas.text(x + 42, y + 20, "Endpoints: AWS without the internet", size=12, bold=True)
        canvas.lines(x + 42, y + 25, _inside(self.network), wide - 52)

    def _legend(self, height: float) -> None:
        canvas, x, y = self.canvas, float(EDGE), height - 26
        entries = (
            ("public", False, "requests of people"),
            ("data", False, "to the database"),
            ("network", True, "out to the internet"),
            ("private", False, "allowed by a rule of a security group"),
        )
        for colour, dashed, text in entries:
            canvas.arrow([(x, y - 4), (x + 34, y - 4)], colour=colour, dashed=dashed)
            canvas.text(x + 42, y, text, size=11, colour="soft")
            x += 72 + width_of(text, 11)
        canvas.box(x, y - 14, 30, 18, dashed=True, stroke="public")
        canvas.text(x + 38, y, "made in the cluster, not by Terraform", size=11, colour="soft")


def _standing(database: Database) -> str:
    return "primary or its standby" if database.spread else "in one of the zones"


def _ports(found: Infrastructure, source: str, group: str) -> str:
    for rule in found.network.rules:
        if (rule.source, rule.group) == (source, group):
            return ", ".join(rule.ports)
    return "closed"
