"""What is remembered of each origin: how much of it, for how many of them, and what the statistics say."""

from __future__ import annotations

import gc
import threading

from trio_api import OriginStatistics
from trio_api.resilience import OriginBooks, OriginRules, RetryBudget


def books(budget: RetryBudget | None = None) -> OriginBooks:
    return OriginBooks(OriginRules(retry_budget=budget))


def test_an_origin_has_one_book() -> None:
    """The same is given each time, another for another origin."""
    some = books()
    assert some.of("a") is some.of("a")
    assert some.of("a") is not some.of("b")


def test_each_origin_has_an_account_of_its_own() -> None:
    """The outage of one costs the other nothing."""
    some = books(RetryBudget(capacity=14))
    assert some.of("a").pay_retry(throttled=False) == 14
    assert some.of("a").pay_retry(throttled=False) is None
    assert some.of("b").pay_retry(throttled=False) == 14


def test_without_a_budget_retries_are_free_and_counted() -> None:
    """None is no bound, and no cost."""
    book = books().of("a")
    assert [book.pay_retry(throttled=False) for _ in range(1000)] == [0] * 1000
    assert (book.statistics("a").retries, book.statistics("a").budget_left) == (1000, None)


def test_the_statistics_are_the_numbers_as_they_stand() -> None:
    """A copy of them: what happens later does not change it."""
    some = books(RetryBudget(capacity=20))
    book = some.of("a")
    book.tally.attempts += 5
    book.pay_retry(throttled=False)
    book.pay_retry(throttled=True)
    book.pay_retry(throttled=True)
    book.succeed(5)
    book.tally.failed += 2
    statistics = some.statistics()
    book.succeed(None)
    expected = OriginStatistics(
        origin="a", calls=3, failed=2, attempts=5, retries=2, retries_refused=1, budget_left=1 + 5
    )
    assert statistics.origins == (expected,)


def test_a_thousand_origins_are_kept_those_used_last() -> None:
    """One more, and the one that was used longest ago is forgotten."""
    some = books(RetryBudget())
    for number in range(1000):
        some.of(number).tally.attempts += 1
    some.of(0)
    some.of(1000).tally.attempts += 1
    names = [origin.origin for origin in some.statistics().origins]
    assert len(names) == 1000
    assert names[-2:] == ["0", "1000"]
    assert "1" not in names


def test_an_origin_that_was_forgotten_begins_anew() -> None:
    """With a full account."""
    some = books(RetryBudget(capacity=14))
    some.of("a").pay_retry(throttled=False)
    for number in range(1000):
        some.of(number)
    assert some.of("a").pay_retry(throttled=False) == 14


def test_an_origin_that_another_thread_has_just_dropped_is_still_served() -> None:
    """Between finding a book and marking it as used, it may go."""
    some = books()
    some.of("a").tally.attempts += 1
    some._touch("gone")
    assert [origin.origin for origin in some.statistics().origins] == ["a"]


def test_origins_that_come_while_the_statistics_are_made_do_not_disturb_them() -> None:
    """Even where the garbage collector lets another thread in at each step; one that is dropped is left out."""
    some = books()
    for number in range(1000):
        some.of(number).tally.attempts += 1

    def come(phase: str, info: dict[str, int]) -> None:
        if len(come_already) < 50:
            come_already.append(phase)
            some.of(phase + str(len(come_already)))

    come_already: list[str] = []
    before = gc.get_threshold()
    gc.callbacks.append(come)
    gc.set_threshold(1)
    try:
        names = [origin.origin for origin in some.statistics().origins]
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(come)
    assert come_already
    assert "999" in names


def test_threads_leave_an_account_within_its_bounds() -> None:
    """Whatever they pay and give back at the same time, with more origins than are kept."""
    some = books(RetryBudget(capacity=30))
    lefts: list[int | None] = []
    errors: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for number in range(3000):
                book = some.of((number * seed) % 1100)
                cost = book.pay_retry(throttled=bool(number % 2))
                if number % 3:
                    book.succeed(cost)
                if not number % 500:
                    lefts.extend(origin.budget_left for origin in some.statistics().origins)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 3, 7, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert all(left is not None and 0 <= left <= 30 for left in lefts)
