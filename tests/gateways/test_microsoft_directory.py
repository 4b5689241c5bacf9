"""The directory of Microsoft, against a counterpart: pages, throttling, many requests in one, and every no."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.errors import GatewayError, GatewayErrorKind
from core.gateways import microsoft_directory, retry_after
from core.gateways.microsoft_directory import LONGEST_S, TRIES, TRIES_TO_READ, Directory
from core.rules.directory_users import MISSING, THERE, UNREADABLE, NewUser, User
from tests.conftest import Clock
from tests.peers import entra as peer
from tests.peers.graph import Graph, error
from tests.peers.tenant import GROUP


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def directory(graph: Graph, pauses: list[float]) -> Iterator[Directory]:
    made = microsoft_directory.from_settings(pause=pauses.append)
    yield made
    made.close()


def _new(number: int, *, address: str = "") -> NewUser:
    return NewUser(number, address or f"sam{number}@school.example", "Sam", f"Sample {number}", f"S{number}")


def test_everybody_is_read_in_pages_and_guests_are_not(directory: Directory, graph: Graph) -> None:
    for number in range(2_500):
        graph.add(f"u{number}@school.example", name=f"Sam Sample{number}", employee_id=f"S{number}")
    graph.add("guest_x#EXT#@school.example", name="Guest", userType="Guest")
    pages = list(directory.users())
    assert [len(page) for page in pages] == [999, 999, 502]
    assert len({user.object_id for page in pages for user in page}) == 2_500
    sam = pages[0][0]
    assert (sam.address, sam.given_name, sam.surname, sam.employee_id) == ("u0@school.example", "Sam", "Sample0", "S0")
    assert sam.is_enabled


def test_whoever_is_turned_away_waits_as_long_as_is_asked_and_reads_on(
    directory: Directory, graph: Graph, pauses: list[float]
) -> None:
    for number in range(3_000):
        graph.add(f"u{number}@school.example")
    graph.throttle, graph.wait = lambda number: number % 2 == 1, "7"
    assert sum(len(page) for page in directory.users()) == 3_000
    assert pauses == [7.0] * 4


def test_a_fault_while_reading_is_asked_again_and_in_the_end_told(
    directory: Directory, graph: Graph, pauses: list[float]
) -> None:
    graph.refusals += [(503, error("ServiceUnavailable"), {"Retry-After": "3"}), (500, error("x"), {})]
    assert list(directory.users()) == [[]]
    assert pauses == [3.0, 2.0]
    graph.refusals += [(500, error("InternalServerError"), {})] * TRIES
    with pytest.raises(GatewayError) as caught:
        list(directory.users())
    assert caught.value.kind is GatewayErrorKind.AMBIGUOUS


def test_what_is_not_allowed_is_told_at_once(directory: Directory, graph: Graph, pauses: list[float]) -> None:
    graph.forbidden.add("users")
    with pytest.raises(GatewayError) as caught:
        list(directory.users())
    assert caught.value.kind is GatewayErrorKind.CONFIGURATION and not pauses


def test_the_token_goes_to_no_other_address(directory: Directory, graph: Graph) -> None:
    graph.refusals.append((200, {"value": [], "@odata.nextLink": "https://elsewhere.example/v1.0/users"}, {}))
    with pytest.raises(GatewayError) as caught:
        list(directory.users())
    assert caught.value.kind is GatewayErrorKind.CONFIGURATION


def test_people_are_found_by_address_and_by_code(directory: Directory, graph: Graph) -> None:
    by_address = graph.add("Sam1@school.example", name="Sam Other")
    by_code = graph.add("s.sample@school.example", name="Sam Sample", employee_id="S2")
    quoted = graph.add("q@school.example", employee_id="O'Brien")
    found = directory.find([_new(1), _new(2), NewUser(3, "q3@school.example", "Q", "Q", "O'Brien")])
    ids = [tuple(user.object_id if user else "" for user in pair) for pair in found]
    assert ids == [(by_address, ""), ("", by_code), ("", quoted)]


def test_users_are_made_with_a_password_that_they_must_change(directory: Directory, graph: Graph) -> None:
    (sam,) = directory.create([(_new(1), "K7QD-M3XP-a1")], country="GR")
    assert isinstance(sam, User) and sam.address == "sam1@school.example"
    known = graph.users[sam.object_id]
    assert (known["employeeId"], known["mailNickname"], known["usageLocation"]) == ("S1", "sam1", "GR")
    assert (known["displayName"], known["givenName"], known["surname"]) == ("Sam Sample 1", "Sam", "Sample 1")
    assert graph.passwords[sam.object_id] == "K7QD-M3XP-a1"


def test_parts_of_a_batch_that_are_turned_away_are_asked_again_and_nobody_is_made_twice(
    directory: Directory, graph: Graph, pauses: list[float]
) -> None:
    graph.throttle, graph.wait = lambda number: number % 3 == 0, "2"
    made = directory.create([(_new(number), "p") for number in range(45)], country="GR")
    assert all(isinstance(user, User) for user in made) and len(graph.users) == 45
    assert [user.address for user in made if isinstance(user, User)] == [_new(number).address for number in range(45)]
    assert set(pauses) == {2.0}


def test_a_name_that_is_taken_and_a_lost_answer_are_told_apart(directory: Directory, graph: Graph) -> None:
    graph.add("sam1@school.example")
    taken, made = directory.create([(_new(1), "p"), (_new(2), "p")], country="GR")
    assert isinstance(taken, GatewayError) and taken.reason == THERE
    assert isinstance(made, User)
    graph.lost = 1
    (lost,) = directory.create([(_new(3), "p")], country="GR")
    assert isinstance(lost, GatewayError) and lost.kind is GatewayErrorKind.AMBIGUOUS


def test_who_is_in_the_group_already_is_in_the_group(directory: Directory, graph: Graph) -> None:
    sam, max_ = graph.add("sam@school.example"), graph.add("max@school.example")
    graph.groups[GROUP].add(sam)
    assert directory.join(GROUP, [sam, max_]) == [None, None]
    assert graph.groups[GROUP] == {sam, max_}
    (refused,) = directory.join("gone", [sam])
    assert refused is not None and refused.reason == MISSING


def test_names_are_changed(directory: Directory, graph: Graph) -> None:
    sam = graph.add("sam@school.example", name="Sam Old")
    (done, gone) = directory.update([(sam, {"surname": "New"}), ("nobody", {"surname": "New"})])
    assert done is None and graph.users[sam]["surname"] == "New"
    assert gone is not None and gone.kind is GatewayErrorKind.PERMANENT


def test_no_error_quotes_an_address_a_password_or_the_secret(directory: Directory, graph: Graph) -> None:
    graph.refusals.append((400, error("Request_BadRequest", "sam1@school.example has password K7QD"), {}))
    (refused,) = directory.create([(_new(1), "K7QD")], country="GR")
    assert isinstance(refused, GatewayError)
    assert not any(word in str(refused) for word in ("sam1", "K7QD", peer.SECRET))


def test_a_lost_answer_to_many_is_a_lost_answer_to_each(directory: Directory, graph: Graph) -> None:
    graph.lost_batches = 1
    said = directory.create([(_new(1), "p"), (_new(2), "p")], country="GR")
    assert len(graph.users) == 2
    assert [isinstance(one, GatewayError) and one.kind for one in said] == [GatewayErrorKind.AMBIGUOUS] * 2


def test_a_fault_while_looking_for_people_is_asked_again(
    directory: Directory, graph: Graph, pauses: list[float]
) -> None:
    sam = graph.add("sam1@school.example", employee_id="S1")
    graph.refusals += [(500, error("InternalServerError"), {})]
    ((by_address, by_code),) = directory.find([_new(1)])
    assert by_address and by_code and by_address.object_id == by_code.object_id == sam
    assert pauses


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("17", 17),
        ("Mon, 23 Nov 2026 09:02:00 GMT", 120),
        ("Monday, 23-Nov-26 09:02:00 GMT", 120),
        ("Mon Nov 23 09:02:00 2026", 120),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0),
        ("Tue, 24 Nov 2026 09:00:00 GMT", retry_after.LONGEST_S),
        ("9" * 400, retry_after.LONGEST_S),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0663", None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_to_wait_is_understood_in_each_form_of_rfc_9110(
    clock: Clock, said: str | None, seconds: float | None
) -> None:
    assert retry_after.seconds(said) == seconds


def test_a_wait_until_a_date_is_kept_in_full(
    directory: Directory, graph: Graph, pauses: list[float], clock: Clock
) -> None:
    until = {"Retry-After": "Mon, 23 Nov 2026 09:10:00 GMT"}
    graph.refusals += [(429, error("TooManyRequests"), until), (503, error("ServiceUnavailable"), until)]
    assert list(directory.users()) == [[]]
    assert pauses == [600.0, 600.0]


def test_a_wait_that_is_too_long_ends_it_and_says_how_long(
    directory: Directory, graph: Graph, pauses: list[float]
) -> None:
    graph.throttle, graph.wait = lambda _number: True, str(int(LONGEST_S) + 1)
    with pytest.raises(GatewayError) as caught:
        list(directory.users())
    assert (caught.value.kind, caught.value.retry_after) == (GatewayErrorKind.TRANSIENT, LONGEST_S + 1)
    (said,) = directory.create([(_new(1), "p")], country="GR")
    assert isinstance(said, GatewayError) and said.retry_after == LONGEST_S + 1
    assert not pauses and graph.users == {}


@pytest.mark.parametrize("said", ["<html>", [], {}, {"value": None}, {"value": ["x"]}, {"value": {"a": 1}}, 7])
def test_an_answer_of_another_shape_is_asked_for_a_few_times_and_then_told(
    directory: Directory, graph: Graph, pauses: list[float], said: object
) -> None:
    graph.refusals += [(200, said, {})] * TRIES
    with pytest.raises(GatewayError) as caught:
        list(directory.users())
    assert caught.value.reason == UNREADABLE and len(pauses) == TRIES_TO_READ - 1
    graph.refusals[:] = [(200, said, {})]
    assert list(directory.users()) == [[]]


@pytest.mark.parametrize("said", ["<html>", [], {"value": None}, 7])
def test_a_part_of_another_shape_is_told_and_nobody_is_made_twice(
    directory: Directory, graph: Graph, said: object
) -> None:
    graph.refusals += [(200, said, {})]
    (one,) = directory.create([(_new(1), "p")], country="GR")
    assert isinstance(one, GatewayError) and one.kind is GatewayErrorKind.AMBIGUOUS and graph.users == {}
    graph.refusals += [(200, said, {})] * TRIES * 2
    with pytest.raises(GatewayError):
        directory.find([_new(1)])
