"""The store of answers: what was used last is kept, within two bounds, whatever is put in."""

from __future__ import annotations

from hypothesis import given, strategies as st

from trio_api.responses._answer_store import AnswerKey, AnswerStore, StoredAnswer

OVERHEAD = StoredAnswer('""', (), b"").size


def key(name: str, url: str = "u", credentials: object = None) -> AnswerKey:
    return AnswerKey(url.encode(), name.encode(), credentials)


def answer(size: int = 10) -> StoredAnswer:
    """An answer of *size* bytes over what each has."""
    return StoredAnswer('"t"', ((b"n", b"v"),), b"x" * (size - 2))


def test_the_size_is_that_of_body_and_headers() -> None:
    """And of what an answer takes besides: nothing is free, however small."""
    assert answer(size=30).size == OVERHEAD + 30
    assert OVERHEAD > 0


def test_what_was_used_longest_ago_makes_room() -> None:
    """Being asked for is a use."""
    store = AnswerStore(2, 10**6)
    for name in ("a", "b"):
        store.put(key(name), answer())
    assert store.get(key("a")) is not None
    store.put(key("c"), answer())
    assert [store.get(key(name)) is None for name in ("a", "b", "c")] == [False, True, False]


def test_what_is_too_large_is_not_kept() -> None:
    """It makes no room for itself; but what it replaces is gone."""
    store = AnswerStore(9, 3 * OVERHEAD)
    store.put(key("a"), answer())
    store.put(key("b"), answer())
    store.put(key("b"), answer(size=3 * OVERHEAD))
    assert (store.get(key("a")) is None, store.get(key("b")) is None) == (False, True)


def test_credentials_are_a_part_of_the_key() -> None:
    """Nobody has what another was given."""
    store = AnswerStore(9, 10**6)
    store.put(key("a", credentials="ann"), answer())
    assert store.get(key("a", credentials="bob")) is None


def test_a_url_is_dropped_whoever_asked() -> None:
    """Other URLs stay; one of which nothing is kept is no error."""
    store = AnswerStore(9, 10**6)
    for name, url in (("a", "u"), ("b", "u"), ("c", "v")):
        store.put(key(name, url), answer())
    store.drop_url(b"u")
    store.drop_url(b"u")
    assert (len(store), store.get(key("c", "v")) is None) == (1, False)


names = st.sampled_from("abcdef")
urls = st.sampled_from("uv")
steps = st.one_of(
    st.tuples(st.just("put"), names, urls, st.one_of(st.none(), st.integers(2, 3000))),
    st.tuples(st.just("get"), names, urls, st.none()),
    st.tuples(st.just("drop"), names, urls, st.none()),
)


@given(st.lists(steps, max_size=60), st.integers(1, 5), st.integers(1, 6000))
def test_the_bounds_are_always_kept(script: list[tuple[str, str, str, int | None]], entries: int, size: int) -> None:
    """Whatever is put, asked for and dropped, and the account is right: it is empty once everything is dropped."""
    store = AnswerStore(entries, size)
    known: dict[AnswerKey, StoredAnswer] = {}
    for what, name, url, length in script:
        if what == "put":
            known.pop(key(name, url), None)
            put = None if length is None else answer(length)
            if put is not None:
                known[key(name, url)] = put
            store.put(key(name, url), put)
        elif what == "get":
            found = store.get(key(name, url))
            assert found is None or found is known[key(name, url)]
        else:
            known = {each: value for each, value in known.items() if each.url != url.encode()}
            store.drop_url(url.encode())
        kept = [value for each in known if (value := store.get(each)) is not None]
        assert len(store) == len(kept) <= entries
        assert store.size == sum(value.size for value in kept) <= size
    for url in "uv":
        store.drop_url(url.encode())
    assert (len(store), store.size) == (0, 0)
