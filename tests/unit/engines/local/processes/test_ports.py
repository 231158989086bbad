import socket
from pathlib import Path

import pytest

from flaskship.engines.local.processes import ports
from flaskship.engines.local.processes.ports import FreePorts, LoopbackRange, choose_addresses
from flaskship.model.errors import PreflightError


@pytest.fixture
def addresses(tmp_path):
    claimed = LoopbackRange.claim(tmp_path)
    assert claimed is not None
    yield claimed
    claimed.close()


def test_each_replica_gets_an_address_of_its_own_and_keeps_its_port(addresses):
    places = [addresses.allocate((54321, 54322)) for _ in range(300)]
    assert len({place.address for place in places}) == 300
    assert all(place.ports == {54321: 54321, 54322: 54322} for place in places)
    assert all(place.address.startswith(addresses.prefix + ".") for place in places)
    assert not any(place.address.endswith((".0", ".255")) for place in places)
    assert not any(place.address.startswith(("127.0.", "127.1.")) for place in places)


def test_a_project_finds_its_range_again_and_two_never_share_one(tmp_path):
    first = LoopbackRange.claim(tmp_path)
    second = LoopbackRange.claim(tmp_path)
    assert first is not None
    assert second is not None
    assert first.prefix != second.prefix
    prefix = first.prefix
    first.close()
    again = LoopbackRange.claim(tmp_path)
    assert again is not None
    assert again.prefix == prefix
    again.close()
    second.close()


def test_the_range_that_the_state_remembers_is_preferred(tmp_path):
    other = LoopbackRange.claim(tmp_path / "other")
    assert other is not None
    prefix = other.prefix
    other.close()
    mine = LoopbackRange.claim(tmp_path, preferred=prefix)
    assert mine is not None
    assert mine.prefix == prefix
    mine.close()


def test_an_address_in_use_is_passed_over(addresses):
    taken = f"{addresses.prefix}.1.1"
    with socket.create_server((taken, 54321)):
        assert addresses.allocate((54321,)).address == f"{addresses.prefix}.1.2"


def test_reserved_addresses_are_kept_and_released_ones_come_back_last(addresses):
    addresses.reserve(f"{addresses.prefix}.1.1")
    first = addresses.allocate()
    assert first.address == f"{addresses.prefix}.1.2"
    addresses.release(first.address)
    assert addresses.allocate().address == f"{addresses.prefix}.1.3"


def test_a_port_taken_on_every_address_names_its_holder(addresses):
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(
            PreflightError, match=rf"port {port} is taken on every address .* \(pid \d+, user"
        ):
            addresses.allocate((port,))


def test_a_low_port_moves_where_it_needs_root(addresses, monkeypatch):
    real = ports._bound

    def refuse_low(address: str, port: int) -> socket.socket | int:
        return ports.errno.EACCES if 0 < port < 1024 else real(address, port)

    monkeypatch.setattr(ports, "_bound", refuse_low)
    moved = addresses.allocate((80, 54321)).ports
    assert moved[80] > 1023
    assert moved[54321] == 54321


def test_a_full_range_is_said(addresses, monkeypatch):
    monkeypatch.setattr(ports, "_HOSTS", 2)
    addresses.allocate()
    addresses.allocate()
    with pytest.raises(PreflightError, match="in use"):
        addresses.allocate()


def test_without_loopback_addresses_each_port_is_a_free_one():
    free = FreePorts()
    place = free.allocate((80, 5000))
    assert place.address == "127.0.0.1"
    assert set(place.ports) == {80, 5000}
    assert len(set(place.ports.values())) == 2
    free.reserve("127.0.0.1")
    free.release("127.0.0.1")
    free.close()


def test_the_choice_falls_back_where_the_system_has_no_further_addresses(tmp_path, monkeypatch):
    assert isinstance(choose_addresses(tmp_path, ports_only=True), FreePorts)
    monkeypatch.setattr(ports, "_bound", lambda *_: ports.errno.EADDRNOTAVAIL)
    assert isinstance(choose_addresses(Path("/p")), FreePorts)


def test_linux_has_loopback_addresses(tmp_path):
    chosen = choose_addresses(tmp_path)
    assert isinstance(chosen, LoopbackRange)
    chosen.close()
