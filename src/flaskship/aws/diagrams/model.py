"""What the pictures of the infrastructure show: the plan without what nobody needs at a glance."""

from dataclasses import dataclass

ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet: its tier, zone and range, and where its way out leads (empty: nowhere)."""

    tier: str
    zone: str
    cidr: str
    way_out: str
    nat: str = ""
    """The address name of the NAT gateway that stands in it."""


@dataclass(frozen=True, slots=True)
class Group:
    """A security group: its name, what it is for, and what it may reach by itself."""

    name: str
    purpose: str
    reaches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may open a connection to a group, and on which ports."""

    source: str
    group: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An AWS service that is reached inside the VPC."""

    service: str
    kind: str


@dataclass(frozen=True, slots=True)
class Network:
    """The VPC with all that decides who reaches whom."""

    name: str
    region: str
    cidr: str
    internet_gateway: bool
    subnets: tuple[Subnet, ...]
    endpoints: tuple[Endpoint, ...]
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]
    flow_logs: str

    @property
    def zones(self) -> tuple[str, ...]:
        """The availability zones, in order."""
        return tuple(sorted({subnet.zone for subnet in self.subnets}))

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers from the internet to the data: as each reaches out less."""
        order = ("public", "private", "database")
        found = {subnet.tier for subnet in self.subnets}
        return (*(tier for tier in order if tier in found), *sorted(found - set(order)))


@dataclass(frozen=True, slots=True)
class Nodes:
    """A group of nodes: what they are, how many of them, where."""

    name: str
    capacity: str
    types: tuple[str, ...]
    smallest: int
    largest: int
    disk: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The Kubernetes cluster."""

    name: str
    version: str
    facts: tuple[str, ...]
    nodes: tuple[Nodes, ...]
    addons: tuple[str, ...]
    charts: tuple[str, ...]
    karpenter: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Database:
    """The database: its size, its promises, its zones."""

    name: str
    engine: str
    size: str
    facts: tuple[str, ...]
    zones: tuple[str, ...]
    spread: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a service, with what is worth knowing of it."""

    service: str
    stack: str
    text: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its name, what it is for, who may take it on."""

    stack: str
    name: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """Everything that the stacks of one environment and of its account hold."""

    environment: str
    network: Network
    cluster: Cluster
    database: Database
    items: tuple[Item, ...]
    roles: tuple[Role, ...]
    resources: tuple[tuple[str, int], ...]
    """Stack to how many resources it holds."""
